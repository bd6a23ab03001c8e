"""`perpdesk-cli review` and `tie-out`: past trading in figures, and held against the exchange.

`review` reads the journal alone and needs no exchange; `tie-out` needs the account.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import UTC, datetime
from decimal import Decimal

from engine.console.answers import DONE, REFUSED, journals, table
from engine.errors import BadInput
from engine.events import CommandRefused, Event
from engine.events.review import TieOutDone
from engine.journal.csv_file import write_csv
from engine.journal.journal_reader import JournalReader
from engine.review.review_loader import load_review
from engine.review.trip_csv import REVIEW_COLUMNS, review_row
from engine.review_commands import LoadReview, TieOut
from engine.review_views import Review, TieOutDifference, TieOutResult, TripGroup
from engine.trading_engine import TradingEngine
from engine.utils.decimals import plain
from engine.utils.local_days import day_begin_ms
from engine.utils.mailbox import Mailbox

_ASK_ID = "tie-out"
_UNKNOWN = "-"


def review(given: Namespace) -> int:
    """Prints the figures; raises ConfigError, JournalError or BadInput."""
    (newest, *_older) = journals(given)
    wanted = LoadReview(
        since_ms=day_ms("--since", given.since),
        symbol=(given.symbol or "").upper(),
        tag=(given.tag or "").lower(),
    )
    answer = load_review(JournalReader(newest), wanted, lambda _share, _sentence: None)
    _print_review(answer)
    if given.csv is not None:
        rows = write_csv(given.csv, REVIEW_COLUMNS, map(review_row, answer.trips))
        print(f"{rows} round trips written to {given.csv}")
    return DONE


def tie_out(engine: TradingEngine, given: Namespace) -> int:
    """Returns 1 when anything differs."""
    since_ms = day_ms("--since", given.since)
    box: Mailbox[Event] = engine.hub.attach(Mailbox(), types=[TieOutDone, CommandRefused])
    try:
        engine.submit(TieOut(request_id=_ASK_ID, since_ms=since_ms))
        answer = _wait_for(box)
    finally:
        engine.hub.detach(box)
    if isinstance(answer, CommandRefused):
        print(answer.sentence, file=sys.stderr)
        return REFUSED
    _print_tie_out(answer.result)
    return REFUSED if answer.result.differences else DONE


def day_ms(name: str, text: str | None) -> int:
    """The beginning of a day in the person's own time zone; 0 for none. Raises BadInput."""
    if not text:
        return 0
    begin_ms = day_begin_ms(text)
    if begin_ms is None:
        raise BadInput(name, f"{name} is a day such as 2026-11-28, not {text!r}.")
    return begin_ms


def _wait_for(box: Mailbox[Event]) -> TieOutDone | CommandRefused:
    """As long as it takes: the rate limits may make a long statement a matter of minutes."""
    while True:
        box.wait(1.0)
        for event in box.drain():
            if isinstance(event, TieOutDone):
                return event
            if isinstance(event, CommandRefused) and event.command.request_id == _ASK_ID:
                return event


def _print_review(answer: Review) -> None:
    totals = answer.totals
    if not totals.fills and not answer.trips:
        print("Nothing was traded in that time.")
        return
    table(("FIGURE", "VALUE"), _figures(answer), "")
    if totals.unmatched_fills:
        print(f"{totals.unmatched_fills} fills closed what was opened before the journal began.")
    if totals.left_out:
        print(f"Not settled in dollars, left out: {', '.join(totals.left_out)}")
    for title, groups in (
        ("SYMBOL", answer.by_symbol),
        ("SIDE", answer.by_side),
        ("HOUR", answer.by_hour),
        ("WEEKDAY", answer.by_weekday),
        ("TAG", answer.by_tag),
    ):
        if groups:
            print()
            table((title, "TRIPS", "WIN RATE", "NET", "FEES", "FUNDING"), _rows_of(groups), "")


def _figures(answer: Review) -> list[tuple[object, ...]]:
    totals, figures, quality = answer.totals, answer.figures, answer.quality
    return [
        ("Net result", _signed(totals.net)),
        ("Realised", _signed(totals.realized)),
        ("Fees", _signed(-totals.fees)),
        ("Funding", _signed(totals.funding)),
        ("Deepest drawdown", _signed(-totals.max_drawdown)),
        *((f"Fees in {asset}", plain(fee)) for asset, fee in sorted(totals.other_fees.items())),
        ("Fills", totals.fills),
        ("Round trips", figures.trips),
        ("Won / lost", f"{figures.wins} / {figures.losses}"),
        ("Win rate", _or_dash(figures.win_rate_pct, " %")),
        ("Expectancy", _signed(figures.expectancy)),
        ("Average win", _signed(figures.average_win)),
        ("Average loss", _signed(figures.average_loss)),
        ("Profit factor", _or_dash(figures.profit_factor)),
        ("Slippage of market orders", _or_dash(quality.slippage)),
        ("  in basis points", _or_dash(quality.slippage_bps)),
        ("Acknowledged after (median)", _or_dash(quality.ack_p50_ms, " ms")),
        ("Market order filled after", _or_dash(quality.fill_p50_ms, " ms")),
    ]


def _rows_of(groups: tuple[TripGroup, ...]) -> list[tuple[object, ...]]:
    return [
        (
            group.key,
            group.figures.trips,
            _or_dash(group.figures.win_rate_pct, " %"),
            _signed(group.figures.net),
            f"{group.figures.fees:,.2f}",
            "" if group.funding is None else _signed(group.funding),
        )
        for group in groups
    ]


def _print_tie_out(result: TieOutResult) -> None:
    began = datetime.fromtimestamp(result.since_ms / 1000, UTC).astimezone()
    print(f"Since {began:%Y-%m-%d %H:%M:%S}. {result.sentence}".rstrip())
    table(
        ("KIND", "ASSET", "EXCHANGE", "JOURNAL", "DIFFERENCE"),
        [
            (line.kind, line.asset, plain(line.venue), plain(line.journal),
             plain(line.venue - line.journal))
            for line in result.lines
        ],
        "Nothing was booked in that time.",
    )  # fmt: skip
    if result.added:
        print(f"{result.added} lines were new here (funding, transfers) and are kept now.")
    if not result.differences:
        print("The journal and the exchange agree to the last digit.")
        return
    print(f"{len(result.differences)} bookings differ:")
    table(
        ("TIME", "KIND", "SYMBOL", "TRADE", "EXCHANGE", "JOURNAL", "ASSET"),
        [_difference_row(one) for one in result.differences],
        "",
    )


def _difference_row(one: TieOutDifference) -> tuple[object, ...]:
    at = datetime.fromtimestamp(one.time_ms / 1000, UTC).astimezone()
    sides = ("missing" if side is None else plain(side) for side in (one.venue, one.journal))
    return (f"{at:%Y-%m-%d %H:%M:%S}", one.kind, one.symbol, one.trade_id, *sides, one.asset)


def _signed(amount: Decimal | None) -> str:
    return _UNKNOWN if amount is None else f"{amount:+,.2f}"


def _or_dash(value: Decimal | float | None, unit: str = "") -> str:
    return _UNKNOWN if value is None else f"{value:,.2f}{unit}"
