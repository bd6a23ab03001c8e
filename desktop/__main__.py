"""`perpdesk` and `python -m desktop`: check what Qt needs, then open the window."""

from __future__ import annotations

import os
import sys

from desktop.options import Options, parse_options
from desktop.platform_check import what_is_missing
from engine.config import load_config
from engine.errors import PerpdeskError
from engine.paper.paper_process import PaperProcess
from engine.paper_start import start_early
from engine.utils.paths import user_data_dir

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
    _start_paper_early(options)
    try:
        return _open(options)
    finally:
        PaperProcess.drop_early()


def _start_paper_early(options: Options) -> None:
    """The exchange's process takes as long to come up as Qt does: both at once."""
    if options.replay_recording is not None or (options.is_offscreen and not options.user_data):
        return  # nobody trades, or where is not known yet
    try:
        config = load_config(options.config)
        environment = config.environment(options.environment)
        start_early(config, environment, user_data_dir(options.user_data))
    except (PerpdeskError, OSError):
        return  # told with a window when the same is read there


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
