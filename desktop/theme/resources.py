"""Where the shipped files lie, from source and in a frozen build alike."""

from __future__ import annotations

from pathlib import Path

# the frozen build keeps the package at the same depth below its data folder
_ROOT = Path(__file__).resolve().parents[2] / "resources"


def resource_path(*parts: str) -> Path:
    return _ROOT.joinpath(*parts)
