"""Entry of the frozen console program: the commands, or their child the paper exchange."""

from __future__ import annotations

import sys


def main() -> int:
    words = sys.argv[1:]
    if words[:1] == ["--paper-server"]:
        from engine.paper.paper_server import main as serve  # noqa: PLC0415

        return serve(words[1:])
    from engine.__main__ import main as run  # noqa: PLC0415

    return run(words)


if __name__ == "__main__":
    sys.exit(main())
