"""Fault rules as a person writes them: YAML or JSON, checked whole, refused in words.

    seed: 7
    rules:
      - fault: reply_lost
        acted: true
        when: {method: POST, path: /fapi/v1/order, nth: 2, count: 1}

A script that is wrong in one place is refused as a whole, with the line and the
field. Faults and their values are in fault_kinds.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from engine.config_keys import Check, number, one_of, symbol, text, whole
from engine.errors import ConfigError
from engine.paper.fault_kinds import KINDS, MOST_SECONDS, FaultKind, Trigger
from engine.paper.paper_account import ACCOUNT_IDS
from engine.wire.endpoints import BY_ROUTE

_EVENTS = (
    "depthUpdate", "bookTicker", "trade", "aggTrade", "kline", "continuous_kline",
    "markPriceUpdate", "24hrTicker", "24hrMiniTicker", "forceOrder", "ORDER_TRADE_UPDATE",
    "TRADE_LITE", "ACCOUNT_UPDATE", "ACCOUNT_CONFIG_UPDATE", "ALGO_UPDATE", "MARGIN_CALL",
    "listenKeyExpired",
)  # fmt: skip
_ROUTES = ("public", "market", "private")
_REPEATABLE = frozenset({Trigger.REQUEST, Trigger.EVENT, Trigger.SUBSCRIPTION})
_KEY_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request, event or subscription, as far as it can be told from others."""

    door: str = ""
    method: str = ""
    path: str = ""
    account: str = ""
    symbol: str = ""
    client_order_id: str = ""
    route: str = ""
    stream: str = ""
    event: str = ""


class When(Target, frozen=True, kw_only=True, omit_defaults=True):
    """What must match, which of the matches is the first played and how many are.

    Empty means any; `path`, `stream` and `client_order_id` may hold `*`. `count`
    0 has no end. `after_s` and `for_s` (0 = for ever) count from the adding.
    """

    trigger: Trigger = Trigger.REQUEST
    nth: int = 1
    count: int = 1
    probability: float = 1.0
    after_s: float = 0.0
    for_s: float = 0.0


class FaultRule(msgspec.Struct, frozen=True, kw_only=True):
    """`args` holds every value of the fault, defaults filled in."""

    fault: str
    when: When
    args: Mapping[str, Any] = {}

    @property
    def kind(self) -> FaultKind:
        return KINDS[self.fault]


class FaultScript(msgspec.Struct, frozen=True, kw_only=True):
    """`seed` is None where the script leaves it to whoever plays it."""

    rules: tuple[FaultRule, ...] = ()
    seed: int | None = None


def _path(key: str, value: object) -> str:
    """A path that no endpoint has would never match, and nobody would know."""
    pattern = text(key, value)
    if not any(fnmatchcase(path, pattern) for _, path in BY_ROUTE):
        raise ConfigError(key, f"is the path of no endpoint: {pattern!r}.")
    return pattern


_ALWAYS: Mapping[str, Check] = {
    "trigger": one_of(*Trigger),
    "nth": whole(1, 1_000_000_000),
    "count": whole(0, 1_000_000_000),
    "probability": number(0, 1),
    "after_s": number(0, MOST_SECONDS, "s"),
    "for_s": number(0, MOST_SECONDS, "s"),
}
_FILTERS: Mapping[Trigger, Mapping[str, Check]] = {
    Trigger.REQUEST: {
        "door": one_of("rest", "orders"),
        "method": one_of("GET", "POST", "PUT", "DELETE"),
        "path": _path,
        "account": one_of(*ACCOUNT_IDS),
        "symbol": symbol,
        "client_order_id": text,
    },
    Trigger.EVENT: {
        "route": one_of(*_ROUTES),
        "stream": text,
        "event": one_of(*_EVENTS),
        "account": one_of(*ACCOUNT_IDS),
        "symbol": symbol,
        "client_order_id": text,
    },
    Trigger.SUBSCRIPTION: {
        "route": one_of(*_ROUTES),
        "stream": text,
        "account": one_of(*ACCOUNT_IDS),
    },
    Trigger.TIME: {},
}


def read_script(path: Path) -> FaultScript:
    """Raises ConfigError: no such file, not YAML, or wrong in a place that it names."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError("--faults", f"there is no file {path}.") from None
    except UnicodeDecodeError:
        raise ConfigError(path.name, "is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError("--faults", f"{path} cannot be read: {error.strerror}.") from None
    return parse_script(content, path.name)


def parse_script(content: str, name: str) -> FaultScript:
    """A whole script; JSON is read as the YAML that it is."""
    import yaml  # noqa: PLC0415 - an exchange without a script starts without it

    try:
        document = yaml.safe_load(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "unreadable"
        raise ConfigError(name, f"is not valid YAML{place}: {what}.") from None
    try:
        return script_from(document)
    except ConfigError as error:
        line = _line_of(yaml.compose(content, Loader=yaml.SafeLoader), error.key)
        sentence = str(error).removeprefix(f"{error.key}: ")
        where = f"{name}, line {line}" if line else name
        raise ConfigError(f"{where}, {error.key}" if error.key else where, sentence) from None


def script_from(document: object) -> FaultScript:
    """From plain values: `{"seed", "rules"}`. Raises ConfigError; its key is the field."""
    if not isinstance(document, dict):
        raise ConfigError("", "a fault script holds `rules:`, a list, and perhaps `seed:`.")
    _refuse_unknown("", document, ("seed", "rules"))
    rules = document.get("rules")
    if not isinstance(rules, list):
        raise ConfigError("rules", "must be a list of rules, each with its `fault:`.")
    seed = document.get("seed")
    return FaultScript(
        rules=tuple(rule_from(row, f"rules[{i}]") for i, row in enumerate(rules)),
        seed=None if seed is None else whole(0, 2**63 - 1)("seed", seed),
    )


def rule_from(row: object, key: str = "") -> FaultRule:
    """One rule from plain values. Raises ConfigError; its key starts with `key`."""
    if not isinstance(row, dict):
        raise ConfigError(key, "a rule is a mapping with `fault:` and perhaps `when:`.")
    name = row.get("fault")
    if not isinstance(name, str) or name not in KINDS:
        near = difflib.get_close_matches(str(name), KINDS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Faults are: {', '.join(KINDS)}."
        raise ConfigError(_join(key, "fault"), f"there is no fault {name!r}. {hint}")
    kind = KINDS[name]
    _refuse_unknown(key, row, ("fault", "when", *kind.args))
    args = {
        arg: check(_join(key, arg), row[arg]) if arg in row else default
        for arg, (check, default) in kind.args.items()
    }
    return FaultRule(fault=name, when=_when(row.get("when"), _join(key, "when"), kind), args=args)


def _when(row: object, key: str, kind: FaultKind) -> When:
    row = {} if row is None else row
    if not isinstance(row, dict):
        raise ConfigError(key, "must be a mapping such as {method: POST, nth: 2}.")
    trigger = Trigger(_ALWAYS["trigger"](f"{key}.trigger", row.get("trigger", kind.triggers[0])))
    if trigger not in kind.triggers:
        allowed = " or ".join(kind.triggers)
        raise ConfigError(f"{key}.trigger", f"{kind.name} is triggered by {allowed} only.")
    checks = {**_ALWAYS, **_FILTERS[trigger]}
    _refuse_unknown(key, row, checks)
    values = {name: checks[name](f"{key}.{name}", value) for name, value in row.items()}
    values["trigger"] = trigger
    if trigger not in _REPEATABLE:
        for name in ("nth", "count", "probability"):
            if name in row:
                raise ConfigError(f"{key}.{name}", "has no meaning for a fault at a time.")
    if kind.rest_only:
        if values.get("door") == "orders":
            raise ConfigError(f"{key}.door", f"{kind.name} is played by REST only.")
        values["door"] = "rest"
    return When(**values)


def _refuse_unknown(key: str, row: Mapping[Any, object], known: Collection[str]) -> None:
    for name in row:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
            raise ConfigError(_join(key, str(name)), f"is not known. {hint}")


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _line_of(node: Any, key: str) -> int:
    """The line of the field, or of the nearest thing around it that is there; 0 if none."""
    line = 0 if node is None else node.start_mark.line + 1
    for index, name in _KEY_PART.findall(key):
        children = getattr(node, "value", None)
        if not isinstance(children, list):
            break
        if index:
            if int(index) >= len(children):
                break
            node = children[int(index)]
            line = node.start_mark.line + 1
        else:
            pair = next((pair for pair in children if _is_key(pair, name)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
    return line


def _is_key(pair: Any, name: str) -> bool:
    return isinstance(pair, tuple) and pair[0].value == name
