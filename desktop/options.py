"""The command line of the window."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    config: Path | None = None
    environment: str | None = None
    user_data: Path | None = None
    selftest: bool = False
    screenshot: Path | None = None
    after_s: float = 5.0
    size: tuple[int, int] | None = None
    replay_recording: Path | None = None

    @property
    def is_offscreen(self) -> bool:
        return self.selftest or self.screenshot is not None


def parse_options(arguments: Sequence[str]) -> Options:
    """Exits with a usage message on stderr (code 2) when an argument is wrong."""
    given = _parser().parse_args(arguments)
    return Options(
        config=given.config,
        environment=given.environment,
        user_data=given.user_data,
        selftest=given.selftest,
        screenshot=given.screenshot,
        after_s=given.after,
        size=given.size,
        replay_recording=given.replay_recording,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perpdesk", description="Trade USDⓈ-M perpetual futures by hand."
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: config.yaml)"
    )
    parser.add_argument(
        "--environment", metavar="NAME", help="paper, testnet, live or a name from the settings"
    )
    parser.add_argument(
        "--user-data", type=Path, metavar="DIR", help="where journal, logs and layout are kept"
    )
    parser.add_argument(
        "--selftest",
        action="store_true",
        help="trade by real clicks on a private paper exchange; exit code 0 when all went well",
    )
    parser.add_argument(
        "--screenshot", type=Path, metavar="FILE.png", help="take a picture of the window and end"
    )
    parser.add_argument(
        "--after", type=_seconds, default=5.0, metavar="SECONDS", help="when to take it (5)"
    )
    parser.add_argument("--size", type=_size, metavar="WxH", help="of the window, e.g. 1440x900")
    parser.add_argument(
        "--replay-recording",
        type=Path,
        metavar="FILE",
        help="play a recorded session; nothing can be sent from it",
    )
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError("must be from 0 to 3600 seconds")
    return seconds


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1440x900")
    return int(width), int(height)
