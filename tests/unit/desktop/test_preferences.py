"""What a person chose is there at the next start, and a broken file is no obstacle."""

import pytest

from desktop.models.preferences import Preferences


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
