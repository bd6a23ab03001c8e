"""Our own program as a child: by module from source, by a hidden flag from a package."""

import importlib
import sys

import pytest

from desktop import frozen_main as window
from engine import frozen_main as console
from engine.utils.child_program import DRILL_VICTIM, PAPER_SERVER
from engine.utils.paths import program_dir


@pytest.mark.parametrize("child", [PAPER_SERVER, DRILL_VICTIM])
def test_from_source_a_child_is_a_module_of_ours_and_is_found_from_its_folder(child):
    assert child.command() == [sys.executable, "-m", child.module]
    assert child.folder() == program_dir()
    assert callable(importlib.import_module(child.module).main)


@pytest.mark.parametrize("child", [PAPER_SERVER, DRILL_VICTIM])
def test_a_package_starts_itself_with_a_flag(child, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert child.command() == [sys.executable, child.flag]
    assert child.folder() is None
    assert child.is_asked_for([child.flag, "--port", "0"])
    assert not child.is_asked_for(["orders", child.flag])


@pytest.mark.parametrize(
    ("entry", "words", "module"),
    [
        (window, [PAPER_SERVER.flag, "--port", "0"], PAPER_SERVER.module),
        (window, ["--environment", "paper"], "desktop.__main__"),
        (console, [PAPER_SERVER.flag, "--port", "0"], PAPER_SERVER.module),
        (console, [DRILL_VICTIM.flag], DRILL_VICTIM.module),
        (console, ["drill", "--seeds", "1"], "engine.__main__"),
    ],
)
def test_the_packages_entries_run_what_the_flag_says(entry, words, module, monkeypatch):
    ran = []
    monkeypatch.setattr(
        importlib.import_module(module), "main", lambda *given: ran.append(given) or 7
    )
    monkeypatch.setattr(sys, "argv", ["perpdesk", *words])
    assert entry.main() == 7
    assert len(ran) == 1
