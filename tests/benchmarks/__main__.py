"""`python -m tests.benchmarks NAME [--json] [--quick]`: how fast it is, as ratios of one run.

NAME is ws, rest, oms, paper, gui, start, memory or all. `--quick` takes seconds each;
`--json` prints one JSON object as the last line; `--markdown FILE` writes the help page;
`--duration` is for memory, in seconds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from tests.benchmarks.figures import machine, markdown, table
from tests.benchmarks.measuring import machine_load

NAMES = ("ws", "rest", "oms", "paper", "gui", "start", "memory")


def main(arguments: Sequence[str] | None = None) -> int:
    words = _parse(arguments)
    names = NAMES if words.name == "all" else (words.name,)
    results = {}
    for name in names:
        results[name] = _run(name, words)
    print(table(results))  # noqa: T201 - what it is for
    if words.markdown is not None:
        page = markdown(results, machine(), _command(words))
        words.markdown.write_text(page, encoding="utf-8")
    if words.json:
        found = {**results, "machine": machine()} if words.name == "all" else results[words.name]
        print(msgspec.json.encode(found).decode())  # noqa: T201
    return 0


def _run(name: str, words: argparse.Namespace) -> dict[str, Any]:
    """Loaded only now: a benchmark must not pay for another's imports."""
    measure = import_module(f"tests.benchmarks.{name}").run
    if name == "memory":
        measure = partial(measure, duration_s=words.duration)
    before, began = machine_load(), time.monotonic()
    found: dict[str, Any] = measure(quick=words.quick)
    load = "" if before is None else f", machine load before {before:.1f}"
    sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s{load}\n")
    return {**found, "load_before": before}


def _command(words: argparse.Namespace) -> str:
    quick = " --quick" if words.quick else ""
    return f"python -m tests.benchmarks {words.name}{quick} --markdown FILE"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("name", choices=(*NAMES, "all"))
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the help page")
    parser.add_argument("--duration", type=float, metavar="SECONDS", help="for memory")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
