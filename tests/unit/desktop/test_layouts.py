"""Layouts as data: names, screens, and what is out of sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.layout_store import LayoutStore
from desktop.models.layouts import Layout, Rect, brought_back, problem_with_name, screens_key

LEFT, RIGHT = (0, 0, 1920, 1080), (1920, 0, 2560, 1440)
ONE, TWO = Layout(geometry="AA==", state="AA=="), Layout(geometry="AQ==", state="AQ==")


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ((100, 100, 800, 600), (100, 100, 800, 600)),
        ((1900, 100, 800, 600), (1900, 100, 800, 600)),  # over two screens
        ((9000, 100, 800, 600), (1120, 100, 800, 600)),
        ((-790, 100, 800, 600), (0, 100, 800, 600)),  # ten pixels are not enough to grasp
        ((100, -50, 800, 600), (100, 0, 800, 600)),  # its title is above the screen
        ((9000, 9000, 3000, 2000), (0, 0, 1920, 1080)),
    ],
)
def test_a_window_out_of_sight_is_brought_back(window: Rect, expected: Rect) -> None:
    assert brought_back(window, [LEFT, RIGHT]) == expected


def test_without_a_screen_nothing_moves() -> None:
    assert brought_back((9000, 0, 10, 10), []) == (9000, 0, 10, 10)


def test_the_order_of_screens_does_not_matter() -> None:
    assert screens_key([LEFT, RIGHT]) == screens_key([RIGHT, LEFT])
    assert screens_key([LEFT]) != screens_key([LEFT, RIGHT])


def test_names_are_checked() -> None:
    assert problem_with_name("  ", []) == "Type a name for the layout."
    assert problem_with_name("x" * 41, []) == "A name has at most 40 letters."
    assert problem_with_name("DAY", ["Day"]) == "There is a layout 'DAY' already."
    assert problem_with_name("Night", ["Day"]) == ""


def test_each_set_of_screens_has_its_last_layout(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path / "layout.json")
    assert store.last("home") is None
    store.keep_last("home", ONE)
    store.keep_last("office", TWO)
    again = LayoutStore(tmp_path / "layout.json")
    assert (again.last("home"), again.last("office")) == (ONE, TWO)
    assert again.last("train") == TWO  # the one used last
    assert again.knows("home")
    assert not again.knows("train")
