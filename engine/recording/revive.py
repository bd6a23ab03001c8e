"""Structs from plain data, also where a field is "an enum, or text that we do not know".

msgspec decodes no such union. Slower than msgspec, and good enough for a player.
"""

from __future__ import annotations

import types
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


def revive(kind: type[S], data: dict[str, Any]) -> S:
    """Raises msgspec.ValidationError or TypeError for data that does not fit."""
    hints = _hints(kind)
    values = {
        field.name: _value(hints[field.name], data[field.encode_name])
        for field in msgspec.structs.fields(kind)
        if field.encode_name in data
    }
    return kind(**values)


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, value: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _one_of(inner, value)
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_value(inner[0], one) for one in value)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and isinstance(value, dict):
        return revive(hint, value)
    if isinstance(hint, type) and isinstance(value, hint):
        return value
    return msgspec.convert(value, hint, strict=False)


def _one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None:
        return None
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Enum):
            try:
                return kind(value)
            except ValueError:
                return value  # text where the venue used a word that we do not know
    return _value(next(kind for kind in kinds if kind is not type(None)), value)
