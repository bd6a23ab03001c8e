from __future__ import annotations

import pytest

from engine.errors import BadInput
from engine.review.trade_notes import NOTE_CHARS, TAG_CHARS, TAGS, clean_note, clean_tags


def test_tags_are_small_letters_each_once_without_commas() -> None:
    assert clean_tags([" News ", "news", "Break,out  Up", ""]) == ("news", "break out up")


def test_a_note_is_kept_without_the_space_around_it() -> None:
    assert clean_note("  chased it\n") == "chased it"


def test_too_much_is_refused_with_the_limit_in_the_sentence() -> None:
    with pytest.raises(BadInput, match=str(NOTE_CHARS)):
        clean_note("x" * (NOTE_CHARS + 1))
    with pytest.raises(BadInput, match=str(TAG_CHARS)):
        clean_tags(["x" * (TAG_CHARS + 1)])
    with pytest.raises(BadInput, match=str(TAGS)):
        clean_tags([str(number) for number in range(TAGS + 1)])
