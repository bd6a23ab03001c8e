"""Entry of the frozen console program: the commands, or a child that they start."""

from __future__ import annotations

import sys

from engine.utils.child_program import DRILL_VICTIM, PAPER_SERVER


def main() -> int:
    words = sys.argv[1:]
    if PAPER_SERVER.is_asked_for(words):
        from engine.paper.paper_server import main as serve  # noqa: PLC0415

        return serve(words[1:])
    if DRILL_VICTIM.is_asked_for(words):
        from engine.drill.drill_victim import main as trade  # noqa: PLC0415

        return trade()
    from engine.__main__ import main as run  # noqa: PLC0415

    return run(words)


if __name__ == "__main__":
    sys.exit(main())
