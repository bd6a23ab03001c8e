"""Before Qt is loaded: is what it needs here? If not, say what to install.

Qt ends the process on a missing platform library, so the check cannot be left
to an exception.
"""

from __future__ import annotations

import ctypes
import os
import sys

APT_LINE = (
    "sudo apt-get install -y libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1"
    " libglib2.0-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1"
    " libxkbcommon-x11-0"
)
_ALWAYS = (
    "libGL.so.1",
    "libEGL.so.1",
    "libxkbcommon.so.0",
    "libdbus-1.so.3",
    "libfontconfig.so.1",
    "libglib-2.0.so.0",
)
_FOR_A_DISPLAY = (
    "libxcb-cursor.so.0",
    "libxcb-icccm.so.4",
    "libxcb-keysyms.so.1",
    "libxcb-shape.so.0",
    "libxcb-xkb.so.1",
    "libxkbcommon-x11.so.0",
)


def what_is_missing(*, offscreen: bool, platform: str = sys.platform) -> str | None:
    """A sentence that says what to do, or None when the window can open.

    `offscreen`: no display is wanted (selftest, screenshot). Only Linux leaves
    these libraries to be installed.
    """
    if not platform.startswith("linux"):
        return None
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    needs_display = not offscreen and not chosen.startswith(("offscreen", "minimal", "vnc"))
    if needs_display and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return (
            "There is no display here (DISPLAY and WAYLAND_DISPLAY are not set).\n"
            "Start perpdesk from a desktop session, or use it without a window:\n"
            "  perpdesk-cli --help                              trade from the console\n"
            "  perpdesk --selftest                              try the window without a screen\n"
            "  perpdesk --screenshot window.png --after 5       take a picture of it"
        )
    wanted = _ALWAYS + (_FOR_A_DISPLAY if needs_display else ())
    missing = [name for name in wanted if not _can_load(name)]
    if missing:
        return (
            f"Qt needs system libraries that are not here: {', '.join(missing)}.\n"
            f"On Debian or Ubuntu install them with:\n  {APT_LINE}"
        )
    return None


def _can_load(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
