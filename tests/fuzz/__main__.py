"""`python -m tests.fuzz --seconds N [--seed S] [--inputs N]`: strange bytes through all that reads.

Ends with 1 at the first exception that escapes, and says how to play it again.
With `--atheris` the inputs come from that library, guided by coverage (install it
yourself; it is not needed otherwise).
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inputs", type=int, default=None, help="stop after so many")
    parser.add_argument("--atheris", action="store_true")
    words = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    if words.atheris:
        from tests.fuzz.guided import run_guided

        return run_guided(words.seconds)
    from tests.fuzz.runner import run  # here: atheris must see the engine's first import

    result = run(words.seconds, words.seed, words.inputs)
    sys.stdout.write(f"{result.inputs:,} inputs in {result.seconds:.1f} s\n")
    found = result.finding
    if found is None:
        sys.stdout.write("No exception escaped.\n")
        return 0
    sys.stdout.write(f"{found.target} let {found.error} escape\n{found.payload[:2000]!r}\n")
    sys.stdout.write(f"Play it again: python -m tests.fuzz --seed {found.seed} --inputs 1\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
