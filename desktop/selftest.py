"""`--selftest`: the window trades by real clicks and key presses, and says how it went.

Runs on a private paper exchange, in the frozen program too. Every step acts on
the real widgets as a person would, and then waits for what a person would see.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Generator
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec
from PySide6.QtCore import QObject, QRect, Qt, QTimer, Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QTabBar, QWidget

from desktop.main_window import MainWindow
from desktop.widgets.data_table import DataTable
from engine.trading_engine import TradingEngine
from engine.trading_types import EngineState, OrderStatus

logger = logging.getLogger(__name__)

_LOOK_MS = 20
_STEP_TIMEOUT_S = 15.0
_REST_S = 0.5
_QUANTITY = "0.01"

W = TypeVar("W", bound=QWidget)


class Step(msgspec.Struct, frozen=True):
    """What was done, and the sign by which a person would know that it worked."""

    name: str
    is_seen: Callable[[], bool]


class StepResult(msgspec.Struct, frozen=True):
    name: str
    seconds: float
    passed: bool


class Selftest(QObject):
    """Begins when told, closes the window at the end; `exit_code` is 0 if all was seen."""

    def __init__(self, window: MainWindow, engine: TradingEngine, report: Path) -> None:
        super().__init__()
        self.exit_code = 1
        self._window = window
        self._engine = engine
        self._report = report
        self._results: list[StepResult] = []
        self._steps = self._script()
        self._step: Step | None = None
        self._began_s = 0.0
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def begin(self) -> None:
        self._next()
        self._timer.start()

    # --- what a person does ---------------------------------------------------------

    def _script(self) -> Generator[Step, None, None]:
        yield Step("the engine is live", lambda: self._engine.state is EngineState.LIVE)
        self._say(f"paper exchange pid={self._engine.paper_pid}")
        yield Step("prices are seen", lambda: self._price() is not None)
        yield from self._place_amend_cancel()
        yield from self._fill_and_close()

    def _place_amend_cancel(self) -> Generator[Step, None, None]:
        price = self._far_below(Decimal("0.98"))
        self._type("orderTicket.price", str(price))
        self._type("orderTicket.quantity", _QUANTITY)
        yield Step("BUY can be pressed", self._can_buy)
        self._click("orderTicket.side.buy")
        yield Step("a limit order rests", lambda: self._has_order(OrderStatus.NEW, price))
        lower = self._far_below(Decimal("0.97"))
        self._edit_cell("orders.table", "Price", str(lower))
        yield Step("its price is changed", lambda: self._has_order(OrderStatus.NEW, lower))
        self._click_action("orders.table")
        yield Step("it is cancelled", lambda: self._ended(OrderStatus.CANCELED) == 1)

    def _fill_and_close(self) -> Generator[Step, None, None]:
        wallet = self._wallet()
        # quicker than a person: a second click within the guard's time is taken for a slip
        yield Step("the hand rests", lambda: self._waited_s() > _REST_S)
        self._choose_market()
        self._type("orderTicket.quantity", _QUANTITY)
        yield Step("BUY can be pressed again", self._can_buy)
        self._click("orderTicket.side.buy")
        yield Step("a market order is filled", lambda: self._ended(OrderStatus.FILLED) == 1)
        yield Step("a position is open", lambda: self._rows("positions.table") == 1)
        yield Step("the fee was paid", lambda: self._wallet() != wallet)
        self._show_tab("positions.table")
        self._click_action("positions.table")
        yield Step("the position is closed", lambda: self._rows("positions.table") == 0)
        yield Step("both fills are listed", lambda: self._rows("fills.table") >= 2)

    # --- hands ------------------------------------------------------------------------

    def _type(self, name: str, text: str) -> None:
        field = self._find(QLineEdit, name)
        QTest.mouseClick(field, Qt.MouseButton.LeftButton)
        field.selectAll()
        QTest.keyClicks(field, text)

    def _click(self, name: str) -> None:
        QTest.mouseClick(self._find(QAbstractButton, name), Qt.MouseButton.LeftButton)

    def _choose_market(self) -> None:
        kinds = self._find(QTabBar, "orderTicket.type")
        centre = kinds.tabRect(1).center()
        QTest.mouseClick(kinds, Qt.MouseButton.LeftButton, pos=centre)

    def _show_tab(self, table: str) -> None:
        blotter = self._window.account.blotter
        bar = blotter.tabBar()
        centre = bar.tabRect(blotter.indexOf(self._table(table))).center()
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=centre)

    def _edit_cell(self, table: str, title: str, text: str) -> None:
        self._show_tab(table)
        view = self._table(table)
        area = self._cell(view, title)
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=area.center())
        QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=area.center())
        editor = self._find(QLineEdit, f"cellEditor.{title}")
        editor.selectAll()
        QTest.keyClicks(editor, text)
        QTest.keyClick(editor, Qt.Key.Key_Return)

    def _click_action(self, table: str) -> None:
        view = self._table(table)
        spot = self._cell(view, "").center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)

    def _cell(self, view: DataTable, title: str) -> QRect:
        index = view.index_of(view.source().key_at(0), title)
        view.scrollTo(index)
        return view.visualRect(index)

    # --- eyes -------------------------------------------------------------------------

    def _can_buy(self) -> bool:
        """Not while the price is stale for a moment, nor before the account has been read."""
        return self._find(QAbstractButton, "orderTicket.side.buy").isEnabled()

    def _price(self) -> float | None:
        return self._engine.market.best_bid(self._window.market.symbol)

    def _far_below(self, share: Decimal) -> Decimal:
        symbol = self._window.market.symbol
        price = Decimal(repr(self._price()))
        return self._engine.instrument(symbol).round_price(price * share)

    def _has_order(self, status: OrderStatus, price: Decimal) -> bool:
        rows = self._window.account.models.orders.orders()
        return [(row.status, row.price, row.amend) for row in rows] == [(status, price, None)]

    def _ended(self, status: OrderStatus) -> int:
        return sum(row.status is status for row in self._window.account.models.history.rows())

    def _wallet(self) -> Decimal:
        balance = self._window.account.models.balances.row_of("USDT")
        return balance.wallet_balance if balance is not None else Decimal(0)

    def _rows(self, table: str) -> int:
        return self._table(table).source().rowCount()

    def _table(self, name: str) -> DataTable:
        return self._find(DataTable, name)

    def _find(self, kind: type[W], name: str) -> W:
        found = self._window.findChild(kind, name)
        if found is None:
            raise LookupError(f"there is no {name} in the window")
        return found

    # --- the course of it ---------------------------------------------------------------

    @Slot()
    def _look(self) -> None:
        step = self._step
        if step is None:
            return
        elapsed_s = self._waited_s()
        if step.is_seen():
            self._note(step, elapsed_s, passed=True)
            self._next()
        elif elapsed_s > _STEP_TIMEOUT_S or self._is_lost():
            self._note(step, elapsed_s, passed=False)
            self._finish(0)

    def _waited_s(self) -> float:
        return self._engine.clock.monotonic() - self._began_s

    def _next(self) -> None:
        try:
            self._step = next(self._steps, None)
        except LookupError as error:
            self._say(f"FAILED {error}")
            self._finish(0)
            return
        self._began_s = self._engine.clock.monotonic()
        if self._step is None:
            self._finish(len(self._results))

    def _is_lost(self) -> bool:
        """Nothing will come any more once the engine has given up."""
        return self._engine.failure is not None

    def _note(self, step: Step, elapsed_s: float, *, passed: bool) -> None:
        self._results.append(StepResult(step.name, round(elapsed_s, 3), passed))
        word = "ok" if passed else "FAILED"
        self._say(f"{word} {step.name} ({elapsed_s:.2f} s)")

    def _finish(self, wanted: int) -> None:
        self._timer.stop()
        self._step = None
        passed = wanted > 0 and all(result.passed for result in self._results)
        self.exit_code = 0 if passed else 1
        report = {"passed": passed, "steps": self._results}
        self._report.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
        self._say("selftest passed" if passed else "selftest FAILED")
        self._window.close()

    def _say(self, sentence: str) -> None:
        logger.info("selftest: %s", sentence)
        if sys.stdout is not None:  # there is none in a windowed Windows program
            print(sentence, flush=True)  # noqa: T201 - the report of a command
