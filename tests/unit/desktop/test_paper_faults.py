"""The faults of the paper exchange in a person's words."""

from __future__ import annotations

import pytest

from desktop.models.paper_faults import fault_title


@pytest.mark.parametrize(
    ("fault", "title"),
    [
        ("line_cut", "Cut the line"),
        ("reply_lost", "Lose the answer"),  # of two cards: done and not done
        ("something_new", "something new"),
    ],
)
def test_a_fault_is_called_as_on_its_card(fault: str, title: str) -> None:
    assert fault_title(fault) == title
