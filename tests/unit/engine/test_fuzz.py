"""The fuzzer's short version; `python -m tests.fuzz --seconds N` is the long one."""

from __future__ import annotations

import pytest

from tests.fuzz import targets
from tests.fuzz.runner import play, run


def test_no_strange_byte_lets_an_exception_escape() -> None:
    result = run(seconds=30.0, first_seed=1_000_000, most_inputs=15_000)
    assert result.finding is None, result.finding
    assert result.inputs >= 1000


def test_what_breaks_is_found_and_can_be_played_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_at_nan(payload: bytes) -> None:
        if b"NaN" in payload:
            raise ArithmeticError("no number")

    monkeypatch.setattr(targets, "user_frame", breaks_at_nan)
    found = run(seconds=30.0, most_inputs=50_000).finding
    assert found is not None
    assert (found.target, found.error) == ("user_frame", "ArithmeticError: no number")
    assert play(found.seed)[1] == found
