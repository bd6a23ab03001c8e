"""What a person chose is there at the next start, and a broken file is no obstacle."""

import json

import pytest

from desktop.chosen_config import first_interval, with_chosen_limits
from desktop.kept_file import KeptFile
from desktop.models.preferences import Preferences
from desktop.models.settings import BY_KEY, SETTINGS, Group
from engine.config import default_config
from engine.config_keys import AUTOMATIC, KEYS
from engine.errors import ConfigError
from engine.trading_types import EnvironmentKind


def test_choices_are_kept(tmp_path):
    file = tmp_path / "new folder" / "preferences.json"
    first = Preferences(file)
    first.put("stars", ["BTCUSDT"])
    first.save()
    assert Preferences(file).get("stars", []) == ["BTCUSDT"]
    assert [found.name for found in file.parent.iterdir()] == ["preferences.json"]


def test_nothing_is_written_without_a_change(tmp_path):
    file = tmp_path / "preferences.json"
    Preferences(file).save()
    assert not file.exists()


def test_a_value_of_another_kind_is_not_taken(tmp_path):
    preferences = Preferences(None)
    preferences.put("ask", "yes")
    assert preferences.get("ask", False) is False


@pytest.mark.parametrize("text", ["", "[1]", "{", "\x00"])
def test_a_damaged_file_is_no_obstacle(tmp_path, text):
    file = tmp_path / "preferences.json"
    file.write_text(text, encoding="utf-8")
    assert Preferences(file).get("stars", ["A"]) == ["A"]


def test_a_place_that_cannot_be_written_is_no_obstacle(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    preferences = Preferences(blocked / "preferences.json")
    preferences.put("a", 1)
    preferences.save()
    assert preferences.get("a", 0) == 1


def test_a_damaged_file_is_set_aside_and_said(tmp_path):
    file = tmp_path / "preferences.json"
    file.write_text("{", encoding="utf-8")
    preferences = Preferences(file)
    assert "preferences.json.damaged" in preferences.notice
    assert (tmp_path / "preferences.json.damaged").read_text(encoding="utf-8") == "{"
    preferences.put("a", 1)
    preferences.save()
    assert Preferences(file).notice == ""


def test_a_file_that_is_held_for_a_moment_is_written_a_moment_later(tmp_path, monkeypatch, qtbot):
    tries = []

    def replace(source, target):
        tries.append(source)
        if len(tries) < 3:
            raise PermissionError(13, "held by an indexer")
        return source.rename(target)

    monkeypatch.setattr("desktop.kept_file.Path.replace", replace)
    file = tmp_path / "preferences.json"
    preferences = Preferences(file)
    preferences.put("a", "ü")
    preferences.save()
    assert not file.exists(), "nobody waits for it"
    qtbot.waitUntil(file.exists)
    assert '"ü"' in file.read_text(encoding="utf-8")


def test_a_file_that_stays_held_is_told_in_the_log_and_a_later_change_replaces_it(
    tmp_path, monkeypatch, qtbot, caplog
):
    file = tmp_path / "kept.json"
    monkeypatch.setattr("desktop.kept_file._PAUSES_MS", (1, 1))

    def refuse(source, target):
        raise PermissionError(13, "held for good")

    with monkeypatch.context() as held:
        held.setattr("desktop.kept_file.Path.replace", refuse)
        assert KeptFile(file).write(b"1")
        qtbot.waitUntil(lambda: "held for good" in caplog.text)
    monkeypatch.setattr("desktop.kept_file._PAUSES_MS", (30,))
    with monkeypatch.context() as held:
        held.setattr("desktop.kept_file.Path.replace", refuse)
        assert KeptFile(file).write(b"2")
    with caplog.at_level("INFO"):
        assert KeptFile(file).write(b"3")
        qtbot.waitUntil(lambda: "later change" in caplog.text)
    assert file.read_bytes() == b"3"


def test_what_could_not_be_written_is_written_with_the_next_save(tmp_path):
    folder = tmp_path / "folder"
    folder.write_text("in the way", encoding="utf-8")
    preferences = Preferences(folder / "preferences.json")
    preferences.put("a", 1)
    preferences.save()
    folder.unlink()
    preferences.save()
    assert Preferences(folder / "preferences.json").get("a", 0) == 1


def test_only_settings_keys_and_presets_travel():
    first = Preferences(None)
    first.put("appearance.theme", "light")
    first.put("keys", {"window.help": "F2"})
    first.put("columns.orders.table", {"widths": {}})
    second = Preferences(None)
    assert second.import_text(first.export_text()) == []
    assert second.get("appearance.theme", "") == "light"
    assert second.get("keys", {}) == {"window.help": "F2"}
    assert not second.is_chosen("columns.orders.table")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"appearance.theme": "pink"}, "Theme must be one of dark, light."),
        ({"risk.max_open_orders": 1.5}, "Open orders must be a whole number."),
        ({"risk.price_band_pct": 101}, "Price band must be from 0 to 100 %."),
        ({"sounds.mute": "yes"}, "Mute everything must be on or off."),
        ({"keys": [1]}, "The keys are not in a form"),
        ({"ticket.presets": 1}, "The presets are not in a form"),
        ({"api_secret": "x"}, "api_secret is not a setting"),
    ],
)
def test_what_cannot_be_taken_over_is_said_and_left(values, says):
    preferences = Preferences(None)
    text = json.dumps({"kind": "perpdesk settings", "values": values})
    (problem,) = preferences.import_text(text)
    assert problem.startswith(says)
    assert not preferences.is_chosen(next(iter(values)))
    assert "not JSON" in preferences.import_text("{")[0]
    assert "no settings of Perpdesk" in preferences.import_text("[]")[0]


def test_listeners_hear_what_has_changed():
    heard = []
    preferences = Preferences(None)
    preferences.listen(heard.append)
    preferences.put("a", 1)
    preferences.put("a", 1)
    preferences.forget("a")
    assert heard == ["a", "a"]


def test_chosen_limits_go_over_those_of_the_file_and_the_rest_stays():
    preferences = Preferences(None)
    config = default_config().with_values(risk__max_leverage=10, risk__max_open_orders=7)
    assert with_chosen_limits(config, preferences) is config
    preferences.put("risk.max_open_orders", 20)
    chosen = with_chosen_limits(config, preferences)
    assert (chosen["risk.max_open_orders"], chosen["risk.max_leverage"]) == (20, 10)
    assert first_interval(config, preferences) == "1m"
    preferences.put("chart.interval", "1h")
    assert first_interval(config, preferences) == "1h"


@pytest.mark.parametrize("key", AUTOMATIC)
def test_a_limit_that_depends_on_the_environment_says_its_number(key):
    assert str(AUTOMATIC[key]) in BY_KEY[key].help


def test_every_limit_is_one_that_the_engine_knows_with_the_same_range():
    for row in SETTINGS:
        if row.group is not Group.RISK:
            continue
        check, _ = KEYS[row.key]
        default = default_config().for_kind(EnvironmentKind.PAPER)[row.key]
        assert (default, type(default)) == (row.default, type(row.default))
        if not isinstance(default, bool):
            most, more = row.most, row.most * 2 + 1
            if isinstance(default, dict):
                most, more = {"BTCUSDT": most}, {"BTCUSDT": more}
            assert check(row.key, most) == most
            with pytest.raises(ConfigError):
                check(row.key, more)
