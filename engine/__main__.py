"""`perpdesk-cli` and `python -m engine`: the console."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from engine.console.options import parser_of_commands
from engine.errors import PerpdeskError


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 refused, 2 wrong usage, 3 outcome unknown."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] == "paper-server":
        # the server parses its own options and imports none of the client
        from engine.paper.paper_server import main as serve  # noqa: PLC0415

        return serve(words[1:])
    given = parser_of_commands().parse_args(words)
    try:
        if given.command == "kpi":
            return _measure(given, words)
        if given.command in ("export", "review"):
            return _export(given) if given.command == "export" else _review(given)
        return _drill(given) if given.command == "drill" else _trade(given)
    except PerpdeskError as error:
        print(f"perpdesk-cli: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _measure(given: argparse.Namespace, words: list[str]) -> int:
    from engine.kpi.kpi_command import kpi  # noqa: PLC0415

    return kpi(given, words)


def _export(given: argparse.Namespace) -> int:
    from engine.console.export import export  # noqa: PLC0415

    return export(given)


def _review(given: argparse.Namespace) -> int:
    from engine.console.review import review  # noqa: PLC0415

    return review(given)


def _trade(given: argparse.Namespace) -> int:
    # paper-server and --help need none of it
    from engine.config import load_config  # noqa: PLC0415
    from engine.console.commands import COMMANDS, WITHOUT_STREAM  # noqa: PLC0415
    from engine.trading_engine import TradingEngine  # noqa: PLC0415
    from engine.utils.logger import close_logging, setup_logging  # noqa: PLC0415
    from engine.utils.paths import user_data_dir  # noqa: PLC0415

    setup_logging(user_data_dir(given.user_data))
    try:
        # a command of a second must not take over what an earlier run was doing
        with TradingEngine.open(
            given.environment,
            config=load_config(given.config),
            user_data=given.user_data,
            needs_stream=given.command not in WITHOUT_STREAM,
            resumes=False,
        ) as engine:
            return COMMANDS[given.command](engine, given)
    finally:
        close_logging()


def _drill(given: argparse.Namespace) -> int:
    from engine.drill.drill_command import drill  # noqa: PLC0415

    return drill(given, lambda line: print(line, flush=True))


if __name__ == "__main__":
    sys.exit(main())
