"""`python -m tests.frozen [--no-build]`: make the package, say how large it is and how
fast it starts, and let it test itself. Exit code 0 only when all of that went well.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist" / "perpdesk"
SUFFIX = ".exe" if sys.platform == "win32" else ""
WINDOW = DIST / f"perpdesk{SUFFIX}"
CONSOLE = DIST / f"perpdesk-cli{SUFFIX}"
DRILL = ("drill", "--seeds", "12", "--seed", "1", "--json")  # one of ten is killed
_TIMEOUT_S = 180


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.frozen", description=__doc__)
    parser.add_argument("--no-build", action="store_true", help="what is in dist already")
    if not parser.parse_args().no_build:
        words = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
        subprocess.run([*words, "build.spec"], cwd=ROOT, check=True)
    say(f"size: {size_mb():.0f} MB in {DIST.relative_to(ROOT)}")
    say(f"licences of {len(list((DIST / '_internal' / 'licences').iterdir()))} parts inside")
    say(f"console: {console_says('--version')}")
    say(f"drill, with a process that is killed: {console_says(*DRILL)}")
    say(f"start to painted window and a picture of it, best of 3: {start_s():.2f} s")
    return selftest()


def size_mb() -> float:
    """As it is copied: a library that others name by a link counts once."""
    return (
        sum(f.stat().st_size for f in DIST.rglob("*") if f.is_file() and not f.is_symlink()) / 1e6
    )


def console_says(*words: str) -> str:
    done = subprocess.run(
        [CONSOLE, *words], capture_output=True, check=True, timeout=_TIMEOUT_S, cwd=DIST
    )
    return done.stdout.decode("utf-8").strip()


def start_s() -> float:
    """The whole life of the program with `--screenshot --after 0`: start, picture, end."""
    return min(_one_start_s() for _ in range(3))


def _one_start_s() -> float:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        picture = Path(folder) / "window.png"
        began_s = time.perf_counter()
        subprocess.run(
            [WINDOW, "--screenshot", picture, "--after", "0"],
            check=True, timeout=_TIMEOUT_S, cwd=folder, env=_offscreen(),
        )  # fmt: skip
        took_s = time.perf_counter() - began_s
        if not picture.is_file():
            raise SystemExit("the packaged program made no picture of its window")
        return took_s


def selftest() -> int:
    """From a folder with a space in its name, as a person might have one."""
    with tempfile.TemporaryDirectory(prefix="data folder ", ignore_cleanup_errors=True) as folder:
        done = subprocess.run(
            [WINDOW, "--selftest", "--user-data", Path(folder) / "of mine"],
            check=False, timeout=_TIMEOUT_S, env=_offscreen(),
        )  # fmt: skip
    say(f"selftest of the package: {'passed' if done.returncode == 0 else 'FAILED'}")
    return done.returncode


def _offscreen() -> dict[str, str]:
    return {"QT_QPA_PLATFORM": "offscreen", **os.environ}


def say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
