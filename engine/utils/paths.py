"""Where Perpdesk keeps its files. Works from paths with spaces and when frozen."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs


def user_data_dir(override: str | Path | None = None) -> Path:
    """Settings, journal, logs and the paper account. Created when missing."""
    chosen = (
        Path(override)
        if override is not None
        else platformdirs.user_data_path("perpdesk", appauthor=False, roaming=False)
    )
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def program_dir() -> Path:
    """The folder that holds config.yaml and resources: the bundle's when frozen."""
    bundle: str | None = getattr(sys, "_MEIPASS", None)
    if bundle is not None:
        return Path(bundle)
    return Path(__file__).resolve().parents[2]


def resource(*parts: str) -> Path:
    return program_dir().joinpath("resources", *parts)


def is_frozen() -> bool:
    return bool(getattr(sys, "frozen", False))
