"""Entry of the frozen program: the window, or its child the paper exchange."""

from __future__ import annotations

import sys


def main() -> int:
    if len(sys.argv) > 1 and sys.argv[1] == "--paper-server":
        # decided before Qt is imported: the child needs none of it
        from engine.paper.paper_server import main as serve  # noqa: PLC0415

        return serve(sys.argv[2:])
    from desktop.__main__ import main as open_window  # noqa: PLC0415

    return open_window()


if __name__ == "__main__":
    sys.exit(main())
