"""Entry of the frozen program: the window, or its child the paper exchange."""

from __future__ import annotations

import sys

from engine.utils.child_program import PAPER_SERVER


def main() -> int:
    words = sys.argv[1:]
    if PAPER_SERVER.is_asked_for(words):
        # decided before Qt is imported: the child needs none of it
        from engine.paper.paper_server import main as serve  # noqa: PLC0415

        return serve(words[1:])
    from desktop.__main__ import main as open_window  # noqa: PLC0415

    return open_window()


if __name__ == "__main__":
    sys.exit(main())
