"""`perpdesk` and `python -m desktop`: check what Qt needs, then open the window."""

from __future__ import annotations

import os
import sys

from desktop.options import Options, parse_options
from desktop.platform_check import what_is_missing

# problems that the person can mend, as sysexits' EX_CONFIG
EXIT_NOT_POSSIBLE = 78


def main(arguments: list[str] | None = None) -> int:
    options = parse_options(sys.argv[1:] if arguments is None else arguments)
    missing = what_is_missing(offscreen=options.is_offscreen)
    if missing is not None:
        print(missing, file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return EXIT_NOT_POSSIBLE
    if options.is_offscreen:
        # one that was chosen on purpose is kept: the selftest can run on a real screen too
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return _open(options)


def _open(options: Options) -> int:
    try:
        from desktop.app import run  # noqa: PLC0415 - Qt is loaded only after the check
    except ImportError as error:
        if not (error.name or "").startswith(("PySide6", "shiboken6")):
            raise
        print(f"Qt could not be loaded: {error}.", file=sys.stderr)  # noqa: T201
        return EXIT_NOT_POSSIBLE
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
