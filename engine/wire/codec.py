"""Bytes from the exchange to typed structs.

The stream decoders never raise: bytes that cannot be read become
UnknownMessage. REST replies are read by `decode_reply`, which raises
msgspec.MsgspecError for the REST client to translate. Decoders are stateless
and may be shared by threads.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from engine.events import UnknownMessage
from engine.wire.stream_messages import StreamFrame
from engine.wire.user_messages import USER_EVENTS, UserEnvelope, UserEventName, UserMessage

T = TypeVar("T")
Payload = bytes | bytearray | memoryview

# for the hot path of a reader, which catches UNREADABLE itself
FRAMES = msgspec.json.Decoder(StreamFrame, strict=False)
_user_messages: msgspec.json.Decoder[UserMessage] = msgspec.json.Decoder(UserMessage, strict=False)
_user_envelopes = msgspec.json.Decoder(UserEnvelope, strict=False)
_user_names = msgspec.json.Decoder(UserEventName)
_reply_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}

# all that msgspec raises on bytes nobody foresaw: bad JSON or types, bad UTF-8,
# numbers out of range, nesting without end
UNREADABLE = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)


def decode_frame(payload: Payload) -> StreamFrame | UnknownMessage:
    """One frame of a market route in enveloped mode.

    Depth levels stay views into `payload`: it must not be written to afterwards.
    """
    try:
        return FRAMES.decode(payload)
    except UNREADABLE as error:
        return UnknownMessage(raw=bytes(payload), reason=_reason(error))


def decode_user(payload: Payload) -> UserMessage | UnknownMessage | None:
    """One frame of the private route, bare or enveloped; None for a control reply."""
    try:
        return _user_messages.decode(payload)
    except UNREADABLE as error:
        first_reason = _reason(error)
    try:
        envelope = _user_envelopes.decode(payload)
    except UNREADABLE:
        return UnknownMessage(raw=bytes(payload), reason=first_reason)
    if envelope.data is not None:
        return envelope.data
    if envelope.id is not None:
        return None
    return UnknownMessage(raw=bytes(payload), reason=first_reason)


def is_foreign_event(payload: Payload) -> bool:
    """A whole user event of a kind that is not known here: nothing of ours is in it."""
    try:
        name = _user_names.decode(payload).e
    except UNREADABLE:
        return False
    return bool(name) and name not in USER_EVENTS


def decode_reply(payload: Payload, reply_type: type[T]) -> T:
    """A REST body as `reply_type`; numbers in texts are read as numbers.

    Raises msgspec.MsgspecError (or ValueError for bad UTF-8).
    """
    decoder = _reply_decoders.get(reply_type)
    if decoder is None:
        decoder = _reply_decoders[reply_type] = msgspec.json.Decoder(reply_type, strict=False)
    reply: T = decoder.decode(payload)
    return reply


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__
