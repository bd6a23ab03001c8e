"""What a person may write about a trade: checked and made tidy before it is kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import BadInput

NOTE_CHARS = 2_000
TAG_CHARS = 32
TAGS = 12


def clean_note(text: str) -> str:
    """Raises BadInput."""
    note = text.strip()
    if len(note) > NOTE_CHARS:
        raise BadInput(
            "note",
            f"A note has at most {NOTE_CHARS} characters, this one has {len(note)}.",
            note[:NOTE_CHARS],
        )
    return note


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Small letters, no comma, each once, in their order. Raises BadInput."""
    found: dict[str, None] = {}
    for text in tags:
        tag = " ".join(text.replace(",", " ").lower().split())
        if len(tag) > TAG_CHARS:
            raise BadInput(
                "tags", f"A tag has at most {TAG_CHARS} characters: {tag!r}.", tag[:TAG_CHARS]
            )
        if tag:
            found[tag] = None
    if len(found) > TAGS:
        raise BadInput("tags", f"A trade has at most {TAGS} tags, these are {len(found)}.")
    return tuple(found)
