from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exchange.frame_splitter import FrameSplitter, Opcode, ProtocolViolation
from tests.helpers.toy_streams import frame


def _feed(splitter: FrameSplitter, data: bytes) -> list[bytes]:
    """Through the buffer as a socket would, in as many pieces as it has room for."""
    messages: list[bytes] = []
    while data:
        with splitter.space() as space:
            count = min(len(space), len(data))
            assert count > 0
            space[:count] = data[:count]
        data = data[count:]
        messages += [bytes(message) for message in splitter.received(count)]
    return messages


def test_several_frames_in_one_read_come_out_in_order() -> None:
    data = frame(b"one") + frame(b"") + frame(b"three")
    assert _feed(FrameSplitter(), data) == [b"one", b"", b"three"]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70000])
def test_frames_of_every_length_class_cut_at_every_early_byte(size: int) -> None:
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    data = frame(payload) + frame(b"next")
    for cut in [*range(1, 16), len(data) // 2, *range(len(data) - 8, len(data))]:
        splitter = FrameSplitter(capacity=64)
        messages = _feed(splitter, data[:cut]) + _feed(splitter, data[cut:])
        assert messages == [payload, b"next"], f"cut at {cut}"


def test_one_byte_at_a_time() -> None:
    data = frame(b"a" * 130) + frame(b"ping", 9) + frame(b"b" * 3)
    splitter = FrameSplitter(capacity=16)
    messages = [m for at in range(len(data)) for m in _feed(splitter, data[at : at + 1])]
    assert messages == [b"a" * 130, b"bbb"]
    assert splitter.controls == [(Opcode.PING, b"ping")]


def test_payloads_are_not_overwritten_by_later_reads() -> None:
    splitter = FrameSplitter(capacity=32)
    with splitter.space() as space:
        space[:5] = frame(b"abc")
    first = splitter.received(5)[0]
    with splitter.space() as space:
        space[:5] = frame(b"xyz")
    splitter.received(5)
    assert bytes(first) == b"abc"


def test_fragments_are_joined_and_a_ping_may_come_between() -> None:
    data = (
        frame(b"he", 1, fin=False)
        + frame(b"?", 9)
        + frame(b"l", 0, fin=False)
        + frame(b"lo", 0)
        + frame(b"!")
    )
    splitter = FrameSplitter()
    assert _feed(splitter, data) == [b"hello", b"!"]
    assert splitter.controls == [(Opcode.PING, b"?")]


def test_binary_frames_are_messages_too() -> None:
    assert _feed(FrameSplitter(), frame(b"\x00\x01", 2)) == [b"\x00\x01"]


def test_close_and_pong_are_controls() -> None:
    splitter = FrameSplitter()
    assert _feed(splitter, frame(b"x", 10) + frame(b"\x03\xe9", 8)) == []
    assert splitter.controls == [(Opcode.PONG, b"x"), (Opcode.CLOSE, b"\x03\xe9")]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\x81\x85\x00\x00\x00\x00hello", "masked"),
        (b"\x81\xfe\x00\x05", "masked"),
        (b"\xc1\x05hello", "head"),
        (b"\x83\x00", "head"),
        (b"\x8b\x00", "head"),
        (b"\x00\x01a", "continuation"),
        (b"\x01\x01a\x81\x01b", "inside"),
        (b"\x01\x01a\x01\x01b", "inside"),
        (b"\x09\x00", "control"),
        (b"\x89\x7e\x00\x7e" + b"a" * 126, "control"),
        (b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "too large"),
    ],
)
def test_what_is_not_websocket_is_refused(data: bytes, word: str) -> None:
    with pytest.raises(ProtocolViolation, match=word):
        _feed(FrameSplitter(), data)


def test_a_message_of_endless_fragments_is_refused() -> None:
    splitter = FrameSplitter(message_max=100)
    data = frame(b"a" * 60, 1, fin=False) + frame(b"a" * 60, 0, fin=False)
    with pytest.raises(ProtocolViolation, match="too large"):
        _feed(splitter, data)


@settings(max_examples=100, deadline=None)
@given(
    payloads=st.lists(st.binary(max_size=400), max_size=12),
    pieces=st.lists(st.integers(1, 300), min_size=1, max_size=50),
    capacity=st.integers(16, 512),
)
def test_any_cutting_gives_the_same_messages(
    payloads: list[bytes], pieces: list[int], capacity: int
) -> None:
    data = b"".join(frame(payload) for payload in payloads)
    splitter = FrameSplitter(capacity=capacity)
    messages: list[bytes] = []
    at = 0
    while at < len(data):
        size = pieces[len(messages) % len(pieces)]
        messages += _feed(splitter, data[at : at + size])
        at += size
    assert messages == payloads


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_messages_or_a_violation(data: bytes) -> None:
    splitter = FrameSplitter(capacity=16, message_max=1000)
    with contextlib.suppress(ProtocolViolation):
        _feed(splitter, data)
