"""The words of `perpdesk-cli`: each command and what it takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from engine import __version__

_CONDITIONAL_TYPES = (
    *("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"),
    "TRAILING_STOP_MARKET",
)
_EPILOG = "Without --environment the one of config.yaml is used (paper)."

Add = Callable[[str, str], argparse.ArgumentParser]


def parser_of_commands() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--environment", metavar="NAME", help="paper, testnet, live or your own")
    shared.add_argument("--config", type=Path, metavar="FILE", help="settings (config.yaml)")
    shared.add_argument("--user-data", type=Path, metavar="DIR", help="where the journal is kept")
    parser = argparse.ArgumentParser(
        prog="perpdesk-cli", description="Trade from the console.", epilog=_EPILOG
    )
    parser.add_argument("--version", action="version", version=f"Perpdesk {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=words, description=words, parents=[shared])

    _add_orders(add)
    _add_algos(add)
    _add_brackets(add)
    _add_review(add)
    _add_account(add)
    _add_record(add)
    _add_protection(add)
    _add_plans(add)
    _add_strategy(add)
    _add_kpi(add("kpi", "measure KPI 1.1 to 1.4; exit code 0 only when all of them pass"))
    _add_drill(commands.add_parser("drill", help="random sessions with faults; compare the books"))
    commands.add_parser("paper-server", help="serve the paper exchange alone", add_help=False)
    return parser


def _add_orders(add: Add) -> None:
    placing = add("order", "place an order: order BTCUSDT BUY LIMIT 0.1 60000")
    placing.add_argument("symbol")
    placing.add_argument("side", type=str.upper, choices=["BUY", "SELL"])
    placing.add_argument("type", type=str.upper, choices=["LIMIT", "MARKET"])
    placing.add_argument("quantity")
    placing.add_argument("price", nargs="?")
    placing.add_argument("--tif", type=str.upper, choices=["GTC", "IOC", "FOK", "GTX"])
    placing.add_argument("--reduce-only", action="store_true")
    placing.add_argument(
        "--position-side",
        type=str.upper,
        choices=["BOTH", "LONG", "SHORT"],
        default="BOTH",
        help="LONG or SHORT in hedge mode",
    )
    amending = add("amend", "change price or total quantity of a resting limit order")
    cancelling = add("cancel", "cancel an open order")
    for changing in (amending, cancelling):
        changing.add_argument("symbol")
        changing.add_argument("id", help="order id or client order id")
    amending.add_argument("--price")
    amending.add_argument("--quantity")
    add("orders", "list the open orders, the conditional ones too").add_argument(
        "symbol", nargs="?"
    )


def _add_account(add: Add) -> None:
    add("positions", "list the open positions")
    add("balance", "show the wallet")
    watching = add("watch", "print prices as they come")
    watching.add_argument("symbol")
    watching.add_argument("--seconds", type=float, default=0, help="end after so long (0: never)")


def _add_strategy(add: Add) -> None:
    running = add("run", "run a strategy of your own: run FILE.py --symbol BTCUSDT")
    running.add_argument("file", type=Path, metavar="FILE.py")
    running.add_argument("--symbol", action="append", help="may be given several times")
    running.add_argument("--seconds", type=float, default=0, help="end after so long (0: never)")


def _add_record(add: Add) -> None:
    recording = add("record", "write the session down, without secrets; prints the file")
    recording.add_argument("symbol", nargs="?", help="the configured one if left out")
    recording.add_argument("--seconds", type=float, default=0, help="end after so long (0: never)")


def _add_protection(add: Add) -> None:
    sweeping = add("cancel-all", "cancel every order, conditional ones too, of a symbol or of all")
    sweeping.add_argument("symbol", nargs="?")
    sweeping.add_argument("--side", type=str.upper, choices=["BUY", "SELL"], help="bids or asks")
    add("guard", "the day's result, a lock-out, and every limit of the risk guard that is on")
    closing = add("close", "close a position, or a share of it, at market")
    closing.add_argument("--share-pct", default="100", help="how much of it, in %% (default 100)")
    reversing = add("reverse", "close a position, then open the same size the other way")
    for turning in (closing, reversing):
        turning.add_argument(
            "--position-side", type=str.upper, default="BOTH", choices=["BOTH", "LONG", "SHORT"]
        )
    flattening = add("flatten", "cancel and close everything of a symbol, until it is flat")
    killing = add("kill", "cancel and close everything, until it is flat; Ctrl+C stops trying")
    for ending in (flattening, killing):
        ending.add_argument(
            "--seconds", type=_seconds, default=0, help="stop trying after so long (default: never)"
        )
    watching_over = add("dead-man", "the exchange cancels the symbol's orders unless renewed")
    for about_one in (closing, reversing, flattening, watching_over):
        about_one.add_argument("symbol")
    watching_over.add_argument("seconds", type=int, help="the countdown; 0 switches it off")


def _add_plans(add: Add) -> None:
    chasing = add("chase", "a post-only limit that follows the best price: chase BTCUSDT BUY 0.1")
    scaling = add("scaled", "limits over a range: scaled BTCUSDT BUY 0.1 62000 61000 5")
    slicing = add("twap", "market orders spread over time: twap BTCUSDT BUY 0.1 10 600")
    for planning in (chasing, scaling, slicing):
        planning.add_argument("symbol")
        planning.add_argument("side", type=str.upper, choices=["BUY", "SELL"])
        planning.add_argument("quantity")
        planning.add_argument("--reduce-only", action="store_true")
        planning.add_argument(
            "--position-side", type=str.upper, choices=["BOTH", "LONG", "SHORT"], default="BOTH"
        )
    chasing.add_argument("--limit", metavar="PRICE", help="never beyond this price")
    chasing.add_argument("--longest", type=_count, default=300, metavar="SECONDS", help="(300)")
    scaling.add_argument("first_price")
    scaling.add_argument("last_price")
    scaling.add_argument("count", type=_count, help="how many orders")
    slicing.add_argument("count", type=_count, help="how many orders")
    slicing.add_argument("duration", type=_count, help="seconds from the first to the end")
    listing = add("plans", "list the newest plans: chase, scaled and TWAP")
    listing.add_argument("--resume", action="store_true", help="carry on those that were cut off")
    add("plan-stop", "stop a plan and cancel what rests of it").add_argument("plan_id")


def _add_algos(add: Add) -> None:
    placing = add(
        "algo", "place a conditional order: algo BTCUSDT SELL STOP_MARKET 0.1 --trigger 60000"
    )
    placing.add_argument("symbol")
    placing.add_argument("side", type=str.upper, choices=["BUY", "SELL"])
    placing.add_argument("type", type=str.upper, choices=_CONDITIONAL_TYPES)
    placing.add_argument("quantity", nargs="?", help="none with --close-position")
    placing.add_argument("--trigger", metavar="PRICE", help="not for a trailing stop")
    placing.add_argument("--price", help="limit price of STOP and TAKE_PROFIT")
    placing.add_argument("--callback-pct", metavar="PERCENT", help="of a trailing stop")
    placing.add_argument("--activate", metavar="PRICE", help="where a trailing stop begins")
    placing.add_argument(
        "--mark", action="store_true", help="wait for the mark price, not the last"
    )
    placing.add_argument("--reduce-only", action="store_true")
    placing.add_argument("--close-position", action="store_true", help="all that is open then")
    moving = add("algo-move", "place a conditional order anew elsewhere and cancel the old one")
    cancelling = add("algo-cancel", "cancel a conditional order")
    for changing in (moving, cancelling):
        changing.add_argument("symbol")
        changing.add_argument("id", help="algo id or client algo id")
    moving.add_argument("--trigger", metavar="PRICE")
    moving.add_argument("--price")
    moving.add_argument("--quantity")


def _add_review(add: Add) -> None:
    exporting = add("export", "write what the journal knows of one kind as a CSV file")
    exporting.add_argument("what", choices=["fills", "orders", "algos", "trips"])
    exporting.add_argument("file", type=Path, metavar="FILE.csv")
    reviewing = add("review", "past trading in figures, from the journal")
    reviewing.add_argument("--symbol")
    reviewing.add_argument("--tag")
    reviewing.add_argument("--csv", type=Path, metavar="FILE.csv", help="write the round trips")
    comparing = add("tie-out", "hold the journal against the exchange's statement; 1: it differs")
    for dated in (reviewing, comparing):
        dated.add_argument("--since", metavar="DATE", help="from this day on: 2026-11-28")


def _add_brackets(add: Add) -> None:
    placing = add(
        "bracket",
        "an entry with its stop and target, followed until it has ended:"
        " bracket BTCUSDT BUY 0.1 --price 60000 --stop 59000 --target 62000",
    )
    placing.add_argument("symbol")
    placing.add_argument("side", type=str.upper, choices=["BUY", "SELL"])
    placing.add_argument("quantity")
    placing.add_argument("--price", help="of a limit entry; at market without")
    placing.add_argument("--tif", type=str.upper, choices=["GTC", "IOC", "FOK", "GTX"])
    protecting = add("protect", "stop and target for what is open: protect BTCUSDT --stop 59000")
    protecting.add_argument("symbol")
    listing = add("brackets", "list the open brackets")
    listing.add_argument("--follow", action="store_true", help="go on with them until Ctrl+C")
    for exits in (placing, protecting):
        exits.add_argument("--stop", metavar="PRICE")
        exits.add_argument("--target", metavar="PRICE")
        exits.add_argument(
            "--position-side", type=str.upper, choices=["BOTH", "LONG", "SHORT"], default="BOTH"
        )
    for following in (placing, protecting, listing):
        following.add_argument(
            "--seconds", type=float, default=0, help="follow for so long (0: until it has ended)"
        )
    cancelling = add("bracket-cancel", "cancel a bracket's entry; exits of what is filled stay")
    cancelling.add_argument("id", help="as `brackets` shows it")


def _add_kpi(measuring: argparse.ArgumentParser) -> None:
    measuring.add_argument(
        "--duration", type=_seconds, default=3600.0, metavar="SECONDS", help="of 1.1 (an hour)"
    )
    measuring.add_argument(
        "--cut-seconds", type=_seconds, default=30.0, metavar="SECONDS", help="of 1.4 (30)"
    )
    measuring.add_argument("--report", type=Path, metavar="FILE.md", help="write the report here")
    measuring.add_argument("--json", action="store_true", help="print the report as JSON")
    measuring.add_argument(
        "--really", action="store_true", help="place orders on a live account, too: real money"
    )


def _add_drill(drilling: argparse.ArgumentParser) -> None:
    drilling.add_argument("--seeds", type=_count, required=True, help="how many sessions")
    drilling.add_argument("--seed", type=int, default=0, help="the first one's (default 0)")
    drilling.add_argument("--jobs", type=_count, default=2, help="sessions at a time (default 2)")
    drilling.add_argument("--json", action="store_true", help="failures and the last line only")


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number above zero, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"must be above 0, not {text}")
    return value
