"""Words of a person or script as members of our enums."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from engine.errors import BadInput

W = TypeVar("W", bound=StrEnum)


def read_word(kind: type[W], value: W | str, field: str) -> W:
    """Upper or lower case. Raises BadInput that names `field` and the known words."""
    try:
        return kind(value.upper())
    except ValueError:
        known = ", ".join(kind)
        raise BadInput(field, f"{field} must be one of {known}; {value!r} is not.") from None
