"""Between the review's window and the engine: asks, follows progress, hands answers on.

The window is made when it is first asked for. One question at a time: its answer is
known by its number, and what an older question still says is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.formatting import local_date_time_text
from engine.events import CommandRefused, Event
from engine.events.review import (
    ReviewCancelled,
    ReviewExported,
    ReviewLoaded,
    ReviewProgress,
    TieOutDone,
    TradeNoted,
)
from engine.market.instruments import Instrument
from engine.review_commands import (
    CancelReview,
    ExportReview,
    LoadReview,
    NoteTrade,
    ReviewCommand,
    TieOut,
)
from engine.review_views import Review, TieOutResult

if TYPE_CHECKING:
    from desktop.widgets.review_window import ReviewWindow


class ReviewDesk(QObject):
    command_wanted = Signal(object)  # ReviewCommand
    opened = Signal(QWidget)  # its window, made for the first time

    def __init__(
        self, instruments: Mapping[str, Instrument], now_ms: Callable[[], int], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._instruments = instruments
        self._now_ms = now_ms
        self._owner = parent
        self._count = 0
        self._asked = ""  # the question whose answer is waited for
        self.window: ReviewWindow | None = None

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            ReviewProgress: self._on_progress,
            ReviewLoaded: self._on_loaded,
            ReviewExported: self._on_exported,
            ReviewCancelled: self._on_cancelled,
            TieOutDone: self._on_tied_out,
            TradeNoted: self._on_noted,
            CommandRefused: self._on_refused,
        }

    @Slot()
    def open(self) -> None:
        if self.window is None:
            self.window = self._make_window()
            self.opened.emit(self.window)
        if not self.window.isVisible():
            self._load()
        self.window.open()

    def close(self) -> None:
        if self.window is not None:
            self.window.close()

    # --- asking -------------------------------------------------------------------

    def _make_window(self) -> ReviewWindow:
        from desktop.widgets.review_window import ReviewWindow  # noqa: PLC0415 - the first frame needs none of it

        window = ReviewWindow(self._instruments, self._now_ms, self._owner)
        window.load_wanted.connect(self._load)
        window.filter.changed.connect(self._load)
        window.cancel_wanted.connect(self._cancel)
        window.export_wanted.connect(self._ask_where)
        window.tie_out_wanted.connect(self._tie_out)
        window.editor.note_wanted.connect(self.command_wanted)
        return window

    @Slot()
    def _load(self) -> None:
        wanted = self._wanted()
        if wanted is not None:
            self._cancel()
            self._ask(wanted, "Reading the journal")

    @Slot()
    def _cancel(self) -> None:
        if self._asked:
            self.command_wanted.emit(CancelReview())

    @Slot()
    def _tie_out(self) -> None:
        wanted = self._wanted()
        if wanted is not None:
            self._ask(TieOut(since_ms=wanted.since_ms), "Reading the exchange's statement")

    @Slot()
    def _ask_where(self) -> None:
        dialog = QFileDialog(self.window, "Export round trips", "round-trips.csv", "CSV (*.csv)")
        dialog.setObjectName("review.export.dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.fileSelected.connect(self.export_to)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def export_to(self, file: str) -> None:
        wanted = self._wanted()
        if wanted is not None:
            self._ask(
                ExportReview(
                    file=file,
                    since_ms=wanted.since_ms,
                    until_ms=wanted.until_ms,
                    symbol=wanted.symbol,
                    tag=wanted.tag,
                ),
                "Reading the journal",
            )

    def _wanted(self) -> LoadReview | None:
        """What the filter says; None when a day in it is none, which is then said."""
        assert self.window is not None
        chosen = self.window.filter
        problem = chosen.problem()
        if problem:
            self.window.say(problem)
            return None
        return LoadReview(
            since_ms=chosen.since_ms(),
            until_ms=chosen.until_ms(),
            symbol=chosen.wanted_symbol(),
            tag=chosen.wanted_tag(),
        )

    def _ask(self, command: ReviewCommand, sentence: str) -> None:
        assert self.window is not None
        self._count += 1
        self._asked = f"review-{self._count}"
        self.window.set_busy(None, is_busy=True)
        self.window.say(f"{sentence} ...")
        self.command_wanted.emit(replace(command, request_id=self._asked))

    # --- answers ------------------------------------------------------------------

    def _answered(self, request_id: str) -> ReviewWindow | None:
        """The window, when this is what it waits for: now it waits no more."""
        if self.window is None or request_id != self._asked:
            return None
        self._asked = ""
        self.window.set_busy(None)
        return self.window

    def _on_progress(self, event: ReviewProgress) -> None:
        if self.window is not None and event.request_id == self._asked:
            self.window.set_busy(event.share, is_busy=True)
            self.window.say(f"{event.sentence} ...")

    def _on_loaded(self, event: ReviewLoaded) -> None:
        window = self._answered(event.request_id)
        if window is not None:
            window.show_review(event.review)
            window.say(_about(event.review))

    def _on_exported(self, event: ReviewExported) -> None:
        window = self._answered(event.request_id)
        if window is not None:
            window.say(f"{event.rows:,} round trips written to {event.file}.")

    def _on_cancelled(self, event: ReviewCancelled) -> None:
        window = self._answered(event.request_id)
        if window is not None:
            window.say("Cancelled; what is shown is what was loaded before.")

    def _on_tied_out(self, event: TieOutDone) -> None:
        window = self._answered(event.request_id)
        if window is not None:
            window.show_tie_out(event.result)
            window.say(_about_tie_out(event.result))

    def _on_noted(self, event: TradeNoted) -> None:
        note = event.note
        key = (note.symbol, note.position_side, note.trade_id)
        known = self.window.trips.row_of(key) if self.window is not None else None
        if self.window is not None and known is not None:
            self.window.show_trip(replace(known, note=note.note, tags=note.tags), key)
            self.window.say("The note is kept.")

    def _on_refused(self, event: CommandRefused) -> None:
        if self.window is None or not isinstance(event.command, ReviewCommand):
            return
        if isinstance(event.command, NoteTrade) or self._answered(event.command.request_id):
            self.window.say(event.sentence)


def _about(review: Review) -> str:
    from desktop.models.review_tables import SHOWN  # noqa: PLC0415 - with the window, not before

    totals = review.totals
    sentences = [f"{totals.fills:,} fills. Money is in dollars, before open positions."]
    if review.figures.trips > SHOWN:
        sentences.append(f"The table shows the newest {SHOWN:,} round trips; the CSV has all.")
    if totals.other_fees:
        fees = ", ".join(f"{fee:f} {asset}" for asset, fee in sorted(totals.other_fees.items()))
        sentences.append(f"Fees paid otherwise are not in the figures: {fees}.")
    if totals.unmatched_fills:
        sentences.append(
            f"{totals.unmatched_fills:,} fills closed what was opened before the journal began."
        )
    if totals.left_out:
        sentences.append(f"Not settled in dollars, left out: {', '.join(totals.left_out)}.")
    return " ".join(sentences)


def _about_tie_out(result: TieOutResult) -> str:
    since = f"Since {local_date_time_text(result.since_ms)}."
    count = len(result.differences)
    verdict = (
        f"{count:,} {'booking differs' if count == 1 else 'bookings differ'}: listed below."
        if count
        else "The journal and the exchange agree to the last digit."
    )
    added = f"{result.added:,} new lines of the statement are kept now." if result.added else ""
    return " ".join(filter(None, (verdict, since, result.sentence, added)))
