"""One process a plan, and a word to the one that has it."""

from __future__ import annotations

import pytest

from engine.errors import JournalError
from engine.plans.plan_locks import PlanLocks


def test_a_plan_is_held_once_until_it_is_let_go(tmp_path):
    ours, theirs = PlanLocks(tmp_path / "a b"), PlanLocks(tmp_path / "a b")
    assert ours.acquire("pd-1")
    assert not theirs.acquire("pd-1")
    assert theirs.acquire("pd-2")
    theirs.ask_to_stop("pd-1")
    assert ours.is_asked_to_stop("pd-1")
    assert not ours.is_asked_to_stop("pd-2")
    ours.release("pd-1")
    ours.release("pd-1")
    assert not ours.is_asked_to_stop("pd-1")
    assert theirs.acquire("pd-1")
    theirs.close()
    assert ours.acquire("pd-2")
    ours.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "taken").write_text("", encoding="utf-8")
    locks = PlanLocks(tmp_path / "taken")
    with pytest.raises(JournalError, match="cannot be kept at"):
        locks.acquire("pd-1")
    with pytest.raises(JournalError, match="cannot be stopped from here"):
        locks.ask_to_stop("pd-1")
