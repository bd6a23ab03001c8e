"""A program of the benchmarks in a process of its own: a line when it is ready, an end with us."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[2]


class Child:
    """`module` is one of the benchmarks', or a full name. `ready` is the first line that the
    program printed, as JSON.
    """

    def __init__(self, module: str, *words: str, **environment: str) -> None:
        full_name = module if "." in module else f"tests.benchmarks.{module}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", full_name, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, **environment},
        )
        self.ready: dict[str, Any] = self.read()

    def read(self) -> dict[str, Any]:
        """The next line that it prints; blocks. Raises when it has ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended with {self.process.wait(10)}")
        found: dict[str, Any] = msgspec.json.decode(line)
        return found

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


@contextmanager
def child(module: str, *words: str, **environment: str) -> Iterator[Child]:
    program = Child(module, *words, **environment)
    try:
        yield program
    finally:
        program.close()


def tell(line: object) -> None:
    """In the child: one line of JSON to the parent."""
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()


def end_with_parent() -> threading.Thread:
    """In the child: end at once when the parent closes our input or dies."""

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        os._exit(0)

    thread = threading.Thread(target=watch, name="end-with-parent", daemon=True)
    thread.start()
    return thread
