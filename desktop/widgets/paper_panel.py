"""The paper exchange's own panel: account, market, replay, and the faults it can play.

Shows what the exchange said last and asks by signals; computes nothing.
"""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.models.paper_faults import fault_title
from desktop.widgets.buttons import make_button
from desktop.widgets.decimal_field import DecimalField
from desktop.widgets.fault_list import FaultList, heading, words
from desktop.widgets.time_line import TimeLine
from engine.events.paper import PaperView, ReplayFileRead
from engine.paper_commands import (
    CancelReplayFile,
    EndFaults,
    RestartPaper,
    SetPaperMarket,
    SetReplay,
    WatchPaper,
)
from engine.trading_types import PaperMarketKind

_SPEEDS = (1, 2, 5, 10, 25, 50, 100)
_USUAL_BALANCE = Decimal(10_000)
_MIRROR = "wss://fstream.binance.com"
_MARKETS = {
    PaperMarketKind.SYNTHETIC: "Invented market",
    PaperMarketKind.QUIET: "Quiet: the book stands still",
    PaperMarketKind.REPLAY: "Replay of a trade file",
    PaperMarketKind.MIRROR: "Another venue's prices",
}
_SAID = {
    PaperMarketKind.SYNTHETIC: "Prices are made up and never end.",
    PaperMarketKind.QUIET: "Makers stand still and nobody else trades: the book is yours.",
    PaperMarketKind.REPLAY: "A public aggTrades file (csv or zip) as exchanges publish it, named"
    " like BTCUSDT-aggTrades-2026-11-22.zip. Orders in the queue fill as its trades pass.",
    PaperMarketKind.MIRROR: "Follows the public prices of a real venue; needs the internet.",
}


class PaperPanel(QScrollArea):
    """Builds its contents when it is shown for the first time."""

    command_wanted = Signal(object)  # PaperCommand
    reset_wanted = Signal(object)  # Decimal, USDT

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("paper")
        self.setAccessibleName("Paper exchange")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(300)
        self._view: PaperView | None = None
        self._running: PaperMarketKind | None = None
        self._is_built = False
        self._is_starting = False  # another market was asked for, and not answered yet

    # --- what it is told ------------------------------------------------------------

    def set_view(self, view: PaperView) -> None:
        self._view = view
        if self._is_built:
            self._show_view(view)

    def set_file_read(self, read: ReplayFileRead) -> None:
        if not self._is_built:
            return
        self._reading.setVisible(not read.is_over)
        self._cancel.setVisible(not read.is_over)
        self._reading.setValue(round(100 * read.share))
        if read.is_over:
            self._show_starting(PaperMarketKind.REPLAY)

    def note_answer(self, command: object) -> None:
        """Done or refused; how the exchange stands then is told next."""
        if isinstance(command, SetPaperMarket) and self._is_built:
            self._is_starting = False
            self._start.setEnabled(self._view is None or self._view.is_ours)

    # --- Qt ----------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._is_built:
            self._build()
        self.command_wanted.emit(WatchPaper(is_on=True))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.command_wanted.emit(WatchPaper(is_on=False))

    # --- within ------------------------------------------------------------------------

    def _show_view(self, view: PaperView) -> None:
        running = "runs" if view.is_running else "is away"
        whose = "" if view.is_ours else " It was started by another program."
        market = _MARKETS[view.market]
        if view.market is not self._running:
            self._running = view.market  # once: a person may be choosing another
            self._kind.setCurrentIndex(list(_MARKETS).index(view.market))
        if not self._is_starting:
            self._state.setText(f"The exchange {running}: {market.lower()}.{whose}")
        self._restart.setText("Restart" if view.is_running else "Start again")
        for ours in (self._restart, self._reset):
            ours.setEnabled(view.is_ours)
        self._start.setEnabled(view.is_ours and not self._is_starting)
        names = ", ".join(f"{fault_title(f.fault)} ({_times(f.played)})" for f in view.faults)
        self._in_force.setText(f"In force: {names}" if names else "No fault is in force.")
        self._end.setEnabled(bool(view.faults))
        self._line.setVisible(view.replay is not None)
        if view.replay is not None:
            replay = view.replay
            self._line.show_state(
                position_ms=replay.position_ms,
                first_ms=replay.first_ms,
                last_ms=replay.last_ms,
                speed=replay.speed,
                is_paused=replay.is_paused,
                is_finished=replay.is_finished,
            )

    def _chosen_kind(self) -> PaperMarketKind:
        return list(_MARKETS)[self._kind.currentIndex()]

    @Slot()
    def _on_kind(self) -> None:
        kind = self._chosen_kind()
        self._about.setText(_SAID[kind])
        self._source.setVisible(kind in (PaperMarketKind.REPLAY, PaperMarketKind.MIRROR))
        self._choose.setVisible(kind is PaperMarketKind.REPLAY)
        self._source.setPlaceholderText("File" if kind is PaperMarketKind.REPLAY else _MIRROR)
        self._source.clear()

    @Slot()
    def _on_choose(self) -> None:
        dialog = QFileDialog(self, "A trade file", "", "Trades (*.csv *.zip)")
        dialog.setObjectName("paper.market.dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._source.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot()
    def _on_start(self) -> None:
        kind, source = self._chosen_kind(), self._source.text().strip()
        url = (source or _MIRROR) if kind is PaperMarketKind.MIRROR else ""
        file = source if kind is PaperMarketKind.REPLAY else ""
        self._is_starting = True
        self._start.setEnabled(False)
        if not file:
            self._show_starting(kind)
        self.command_wanted.emit(SetPaperMarket(kind=kind, file=file, url=url))

    def _show_starting(self, kind: PaperMarketKind) -> None:
        """Until the exchange says how it stands, which takes some seconds."""
        self._state.setText(f"The exchange is starting anew: {_MARKETS[kind].lower()}.")

    @Slot()
    def _on_reset(self) -> None:
        balance = self._balance.number()
        if balance is not None and balance >= 1:
            self.reset_wanted.emit(balance)

    # --- building ----------------------------------------------------------------------

    def _build(self) -> None:
        self._is_built = True
        inside = QWidget(self)
        inside.setObjectName("paper.inside")
        column = QVBoxLayout(inside)
        column.setContentsMargins(8, 8, 10, 10)
        column.setSpacing(8)
        self._build_state(inside, column)
        self._build_account(inside, column)
        self._build_market(inside, column)
        self._build_faults(inside, column)
        column.addStretch(1)
        self.setWidget(inside)
        self._on_kind()
        if self._view is not None:
            self._show_view(self._view)

    def _build_state(self, inside: QWidget, column: QVBoxLayout) -> None:
        self._state = words("Asking the exchange how it stands.", "TEXT", inside)
        self._state.setObjectName("paper.state")
        self._restart = make_button("paper.restart", "Restart", "plain", parent=inside)
        self._restart.clicked.connect(lambda: self.command_wanted.emit(RestartPaper()))
        row = QHBoxLayout()
        row.addWidget(self._state, 1)
        row.addWidget(self._restart, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)

    def _build_account(self, inside: QWidget, column: QVBoxLayout) -> None:
        column.addWidget(heading("Account", inside))
        self._balance = DecimalField("paper.balance", "New balance", inside)
        self._balance.set_rules(Decimal(1000), 0, "USDT")
        self._balance.set_number(_USUAL_BALANCE)
        self._reset = make_button("paper.reset", "Reset...", "plain", height=32, parent=inside)
        self._reset.setAccessibleName("Reset the paper account")
        self._reset.clicked.connect(self._on_reset)
        row = QHBoxLayout()
        row.addWidget(self._balance, 1)
        row.addWidget(self._reset)
        column.addLayout(row)

    def _build_market(self, inside: QWidget, column: QVBoxLayout) -> None:
        column.addWidget(heading("Market", inside))
        self._kind = QComboBox(inside)
        self._kind.setObjectName("paper.market.kind")
        self._kind.setAccessibleName("Where prices come from")
        self._kind.addItems(list(_MARKETS.values()))
        self._kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._kind.setMinimumContentsLength(10)  # the panel may be narrower than its words
        self._about = words("", "TEXT_DIM", inside)
        self._source = QLineEdit(inside)
        self._source.setObjectName("paper.market.source")
        self._source.setAccessibleName("File or address")
        self._choose = make_button("paper.market.choose", "Choose...", "plain", parent=inside)
        self._start = make_button("paper.market.start", "Start", "plain", parent=inside)
        self._start.setAccessibleName("Start this market")
        self._reading = QProgressBar(inside)
        self._reading.setObjectName("paper.market.reading")
        self._reading.setAccessibleName("Reading the file")
        self._reading.setRange(0, 100)
        self._cancel = make_button("paper.market.cancel", "Stop reading", "plain", parent=inside)
        self._line = TimeLine("paper.replay", _SPEEDS, parent=inside)
        for hidden in (self._reading, self._cancel, self._line):
            hidden.hide()
        self._connect_market()
        first, second, third = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        first.addWidget(self._kind, 1)
        first.addWidget(self._start)
        second.addWidget(self._source, 1)
        second.addWidget(self._choose)
        third.addWidget(self._reading, 1)
        third.addWidget(self._cancel)
        column.addLayout(first)
        column.addWidget(self._about)
        column.addLayout(second)
        column.addLayout(third)
        column.addWidget(self._line)

    def _connect_market(self) -> None:
        self._kind.currentIndexChanged.connect(self._on_kind)
        self._choose.clicked.connect(self._on_choose)
        self._source.textChanged.connect(self._source.setToolTip)  # a path is long
        self._start.clicked.connect(self._on_start)
        self._cancel.clicked.connect(lambda: self.command_wanted.emit(CancelReplayFile()))
        self._line.pause_wanted.connect(
            lambda paused: self.command_wanted.emit(SetReplay(paused=paused))
        )
        self._line.speed_wanted.connect(
            lambda speed: self.command_wanted.emit(SetReplay(speed=speed))
        )

    def _build_faults(self, inside: QWidget, column: QVBoxLayout) -> None:
        column.addWidget(heading("Faults", inside))
        column.addWidget(words("See how Perpdesk behaves before you trust it.", "TEXT_DIM", inside))
        self._in_force = words("No fault is in force.", "TEXT", inside)
        self._in_force.setObjectName("paper.faults.inForce")
        self._end = make_button("paper.faults.end", "End all", "plain", parent=inside)
        self._end.setAccessibleName("End all faults")
        self._end.setEnabled(False)
        self._end.clicked.connect(lambda: self.command_wanted.emit(EndFaults()))
        row = QHBoxLayout()
        row.addWidget(self._in_force, 1)
        row.addWidget(self._end, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        faults = FaultList(inside)
        faults.command_wanted.connect(self.command_wanted)
        column.addWidget(faults)


def _times(played: int) -> str:
    return f"played {played}x" if played else "not yet played"
