"""How long a frame of the window lasts: as short as the eye wants, as long as the thread needs."""

from __future__ import annotations

SHORTEST_MS = 16
LONGEST_MS = 40
_SHARE = 0.3  # of the GUI thread: the rest is for the hand, and for the order on its way out
_MEMORY = 0.9  # of the cost of earlier frames; one dear frame is no reason to slow down


class FramePace:
    """Told the thread's CPU time as each frame begins. Pure."""

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._cost_ms = 0.0

    def note_frame(self, thread_time_s: float) -> None:
        """A frame begins; what the thread has used since the last one was that frame's cost."""
        if self._began_s is not None:
            cost_ms = (thread_time_s - self._began_s) * 1000
            self._cost_ms = self._cost_ms * _MEMORY + cost_ms * (1 - _MEMORY)
        self._began_s = thread_time_s

    @property
    def frame_ms(self) -> int:
        return round(min(max(self._cost_ms / _SHARE, SHORTEST_MS), LONGEST_MS))
