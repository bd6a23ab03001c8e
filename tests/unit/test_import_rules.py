"""Who may import whom: the contracts stand in pyproject.toml."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_every_import_contract_is_kept():
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def imports_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("binance", ("engine/exchange/rest_client.py",)),
        ("websocket", ("engine/exchange/",)),
        ("sqlite3", ("engine/journal/",)),
        ("keyring", ("engine/credentials.py",)),
        ("aiohttp", ("engine/paper/",)),
        ("asyncio", ("engine/paper/",)),
        ("PySide6", ("desktop/",)),
    ],
)
def test_a_library_is_met_in_one_place_only(library, allowed):
    strangers = [
        path
        for folder in ("engine", "desktop")
        for path in (p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*.py"))
        if library in imports_of(ROOT / path) and not path.startswith(allowed)
    ]
    assert strangers == []
