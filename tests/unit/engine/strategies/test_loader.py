"""A strategy's file: what is found in it, and what is said of one that cannot be used."""

from __future__ import annotations

import pytest

from engine.errors import BadInput
from engine.strategies.loader import load_strategy
from engine.utils.paths import resource

GOOD = """
from engine.strategies.loader import Strategy  # what is imported does not count

class Helper:
    pass

class Mine:
    def on_start(self, desk): ...
    def on_event(self, event): ...
"""


def write(folder, text, name="mine.py"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_one_class_of_a_file_is_made(tmp_path):
    loaded = load_strategy(write(tmp_path, GOOD))
    assert (loaded.name, type(loaded.strategy).__name__) == ("mine", "Mine")


@pytest.mark.parametrize("name", ["watch_spread.py", "rest_around_middle.py"])
def test_the_examples_are_shipped(name):
    assert load_strategy(resource("strategies", name)).name == name[:-3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mine.py has no strategy classes. A strategy file has one class with"),
        (GOOD + GOOD.replace("Mine", "Other"), "mine.py has 2 strategy classes"),
        ("x = 1\ndef f(:\n", "mine.py, line 2: SyntaxError"),
        ("x = 1\n1 / 0\n", "mine.py, line 2: ZeroDivisionError: division by zero"),
        ("import nothing_of_that_name\n", "mine.py, line 1: ModuleNotFoundError"),
        ("raise SystemExit\n", "mine.py, line 1: SystemExit"),
        (GOOD + "    def __init__(self, x): ...\n", "mine.py: TypeError"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(tmp_path, text, said):
    with pytest.raises(BadInput) as refused:
        load_strategy(write(tmp_path, text))
    assert said in str(refused.value)
    assert refused.value.field == "file"


def test_a_missing_file_and_a_wrong_name_are_said(tmp_path):
    with pytest.raises(BadInput, match="There is no file"):
        load_strategy(tmp_path / "none.py")
    with pytest.raises(BadInput, match=r"must end in \.py"):
        load_strategy(write(tmp_path, GOOD, "mine.txt"))
