"""How long a frame lasts."""

from __future__ import annotations

from desktop.frame_pace import LONGEST_MS, SHORTEST_MS, FramePace


def pace_of(cost_s: float, frames: int = 60) -> FramePace:
    pace = FramePace()
    for number in range(frames):
        pace.note_frame(number * cost_s)
    return pace


def test_cheap_frames_come_as_often_as_the_eye_wants() -> None:
    assert FramePace().frame_ms == SHORTEST_MS
    assert pace_of(0.002).frame_ms == SHORTEST_MS


def test_dear_frames_leave_most_of_the_thread_to_the_hand() -> None:
    assert 24 <= pace_of(0.008).frame_ms <= 27
    assert pace_of(0.100).frame_ms == LONGEST_MS


def test_one_dear_frame_slows_nothing_down() -> None:
    pace = pace_of(0.002)
    pace.note_frame(59 * 0.002 + 0.015)
    assert pace.frame_ms == SHORTEST_MS
