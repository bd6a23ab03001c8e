"""Where Perpdesk keeps its files. Works from paths with spaces and when frozen."""

from __future__ import annotations

import sys
from pathlib import Path

import platformdirs

PORTABLE_FOLDER = "perpdesk-data"


def user_data_dir(override: str | Path | None = None) -> Path:
    """Settings, journal, logs and the paper account. Created when missing."""
    chosen = Path(override) if override is not None else _usual_data_dir()
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def _usual_data_dir() -> Path:
    """Beside the packaged program when such a folder was made there: it is portable then."""
    if is_frozen():
        beside = Path(sys.executable).resolve().parent / PORTABLE_FOLDER
        if beside.is_dir():
            return beside
    return platformdirs.user_data_path("perpdesk", appauthor=False, roaming=False)


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
