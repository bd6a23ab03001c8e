"""Fault scripts: what is read, and how a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.paper.fault_kinds import KINDS, Trigger
from engine.paper.fault_script import parse_script, read_script, rule_from
from engine.utils.paths import resource

SCRIPT = """
seed: 7
rules:
  - fault: reply_lost
    acted: false
    when:
      method: POST
      path: /fapi/v1/order
      nth: 2
      count: 0
      probability: 0.25
  - fault: disconnect
    route: private
    when: {after_s: 1.5}
"""


def test_script_is_read_with_defaults_filled_in() -> None:
    script = parse_script(SCRIPT, "faults.yaml")
    lost, disconnect = script.rules
    assert script.seed == 7
    assert (lost.fault, lost.args) == ("reply_lost", {"acted": False})
    assert (lost.when.method, lost.when.path) == ("POST", "/fapi/v1/order")
    assert (lost.when.nth, lost.when.count, lost.when.probability) == (2, 0, 0.25)
    assert disconnect.args == {"route": "private", "how": "close"}
    assert (disconnect.when.trigger, disconnect.when.after_s) == (Trigger.TIME, 1.5)


def test_json_is_read_as_well() -> None:
    script = parse_script('{"rules": [{"fault": "depth_gap", "when": {"nth": 3}}]}', "x.json")
    assert (script.rules[0].when.trigger, script.rules[0].when.nth) == (Trigger.EVENT, 3)
    assert script.seed is None


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_is_written_by_its_name_alone(name: str) -> None:
    rule = rule_from({"fault": name})
    assert rule.when.trigger is KINDS[name].triggers[0]
    assert set(rule.args) == set(KINDS[name].args)


@pytest.mark.parametrize("name", KINDS)
def test_every_default_is_a_value_that_may_be_written(name: str) -> None:
    values = {arg: default for arg, (_, default) in KINDS[name].args.items()}
    assert rule_from({"fault": name, **values}) == rule_from({"fault": name})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules: [", "faults.yaml: is not valid YAML in line 1, column 9: "),
        ("- 1", "faults.yaml, line 1: a fault script holds `rules:`"),
        ("seed: 1", "faults.yaml, line 1, rules: must be a list of rules"),
        ("seed: x\nrules: []", "faults.yaml, line 1, seed: must be a whole number, not 'x'."),
        ("rules: []\nsede: 1", "faults.yaml, line 2, sede: is not known. Did you mean seed?"),
        ("rules:\n- 5", "faults.yaml, line 2, rules[0]: a rule is a mapping"),
        (
            "rules:\n- fault: depth_gap\n- fault: reply_lots",
            "faults.yaml, line 3, rules[1].fault: there is no fault 'reply_lots'. "
            "Did you mean reply_lost?",
        ),
        (
            "rules:\n- fault: reply_lost\n  acted: maybe",
            "faults.yaml, line 3, rules[0].acted: must be true or false, not 'maybe'.",
        ),
        (
            "rules:\n- fault: throttled_503\n  acted: true",
            "faults.yaml, line 3, rules[0].acted: is not known.",
        ),
        (
            "rules:\n- fault: reply_lost\n  when:\n    pth: /fapi/v1/order",
            "faults.yaml, line 4, rules[0].when.pth: is not known. Did you mean path?",
        ),
        (
            "rules:\n- fault: reply_lost\n  when: {path: /fapi/v1/oder}",
            "faults.yaml, line 3, rules[0].when.path: is the path of no endpoint",
        ),
        (
            "rules:\n- fault: reply_lost\n  when: {nth: 0}",
            "faults.yaml, line 3, rules[0].when.nth: must be from 1 to",
        ),
        (
            "rules:\n- fault: reply_lost\n  when: {probability: 2}",
            "faults.yaml, line 3, rules[0].when.probability: must be from 0 to 1, not 2.",
        ),
        (
            "rules:\n- fault: reply_lost\n  when: {trigger: event}",
            "faults.yaml, line 3, rules[0].when.trigger: reply_lost is triggered by request only.",
        ),
        (
            "rules:\n- fault: reply_lost\n  when: {event: trade}",
            "faults.yaml, line 3, rules[0].when.event: is not known.",
        ),
        (
            "rules:\n- fault: event_dropped\n  when: {event: ORDER_UPDATE}",
            "faults.yaml, line 3, rules[0].when.event: must be one of depthUpdate,",
        ),
        (
            "rules:\n- fault: gateway_html\n  status: 500",
            "faults.yaml, line 3, rules[0].status: must be 408, 502 or 504, not 500.",
        ),
        (
            "rules:\n- fault: gateway_html\n  when: {door: orders}",
            "faults.yaml, line 3, rules[0].when.door: gateway_html is played by REST only.",
        ),
        (
            "rules:\n- fault: day_over\n  when: {count: 2}",
            "faults.yaml, line 3, rules[0].when.count: has no meaning for a fault at a time.",
        ),
        (
            "rules:\n- fault: day_over\n  when: soon",
            "faults.yaml, line 3, rules[0].when: must be a mapping",
        ),
    ],
)
def test_wrong_script_is_refused_with_its_line_and_field(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_script(text, "faults.yaml")
    assert str(caught.value).startswith(words)


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        read_script(tmp_path / "none.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"rules: [] # \xe4")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read_script(latin)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_script(tmp_path)


def test_time_triggered_faults_may_also_follow_a_request() -> None:
    rule = rule_from({"fault": "crash", "when": {"trigger": "request", "nth": 5}})
    assert (rule.when.trigger, rule.when.nth) == (Trigger.REQUEST, 5)


def test_help_names_every_fault_and_its_example_can_be_played() -> None:
    text = resource("help", "paper-exchange.md").read_text(encoding="utf-8")
    assert [name for name in KINDS if f"`{name}`" not in text] == []
    example = text.partition("```yaml\n")[2].partition("```")[0]
    assert len(parse_script(example, "help").rules) == 3
