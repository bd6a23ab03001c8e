"""The window in each of its states, filled by hand with events."""

from __future__ import annotations

from collections.abc import Callable

from desktop.main_window import MainWindow
from engine.commands import Command
from engine.protection_commands import Kill
from engine.protection_events import BracketChanged, GuardChanged, KillChanged
from engine.protection_views import GuardView, KillView
from engine.trading_types import AlertLevel, EnvironmentKind, KillState, StreamState
from tests.gui import scene


def open_window() -> MainWindow:
    def nowhere(_command: Command) -> None:
        """A picture asks for nothing."""

    window = MainWindow(
        environment="paper",
        kind=EnvironmentKind.PAPER,
        symbol="BTCUSDT",
        submit=nowhere,
        now_ms=lambda: scene.NOW_MS,
    )
    window.show()
    return window


def busy(window: MainWindow) -> None:
    window.set_instruments(scene.INSTRUMENTS)
    window.handle_events([*scene.everything(), *scene.plans()])
    window.account.blotter.setCurrentWidget(window.account.blotter.orders)
    window.market.ticket.price.setText("64246.0")
    window.market.ticket.quantity.setText("0.120")


def show_tab(window: MainWindow, name: str) -> None:
    busy(window)
    window.account.blotter.setCurrentWidget(getattr(window.account.blotter, name))


def _empty(_window: MainWindow) -> None:
    """As it opens: nothing has been heard yet."""


def _quiet(window: MainWindow) -> None:
    window.set_instruments(scene.INSTRUMENTS)
    window.handle_events([*scene.streams(), *scene.market()])


def _market(window: MainWindow) -> None:
    busy(window)
    window.market.ticket.type.setCurrentIndex(1)


def _stop(window: MainWindow) -> None:
    busy(window)
    ticket = window.market.ticket
    ticket.type.setCurrentIndex(2)
    ticket.trigger_type.setCurrentIndex(1)
    ticket.trigger.setText("64300.0")
    ticket.price.setText("64310.0")


def _exits(window: MainWindow) -> None:
    busy(window)
    ticket = window.market.ticket
    ticket.exits.setChecked(True)
    ticket.stop.setText("63900.0")
    ticket.target.setText("65000.0")


def _error(window: MainWindow) -> None:
    busy(window)
    window.market.ticket.price.setText("64250.13")
    window.toasts.show("The exchange refused it: margin is insufficient.", AlertLevel.ERROR)
    window.market.ladder.show_refusal("Would trade at once: refused.")


def _disconnected(window: MainWindow) -> None:
    busy(window)
    window.handle_events(scene.streams(StreamState.STALE))


def _locked(window: MainWindow) -> None:
    busy(window)
    guard = GuardView(
        day_pnl=scene.D("-312.40"),
        locked_until_ms=scene.NOW_MS + 3_600_000,
        sentence="The day's loss has reached 300.00 USDT.",
    )
    window.handle_events([GuardChanged(guard=guard)])


def _kill(window: MainWindow) -> None:
    busy(window)
    window.submit(Kill())
    view = KillView(
        state=KillState.WORKING,
        sentence="Closing at market, round 2.",
        left=("2 orders of BTCUSDT", "short 2.000 ETHUSDT"),
    )
    window.handle_events([KillChanged(kill=view)])


def _unprotected(window: MainWindow) -> None:
    busy(window)
    window.handle_events([BracketChanged(bracket=scene.bracket())])


def _plan(window: MainWindow) -> None:
    busy(window)
    window.market.ticket.plan.click()


def _strategies(window: MainWindow) -> None:
    busy(window)
    dock = window.docks.strategies
    dock.show()
    dock.raise_()
    window.handle_events(scene.strategies())


STATES: dict[str, Callable[[MainWindow], None]] = {
    "empty": _empty,
    "quiet": _quiet,
    "busy": busy,
    "market": _market,
    "stop": _stop,
    "exits": _exits,
    "error": _error,
    "disconnected": _disconnected,
    "locked": _locked,
    "kill": _kill,
    "unprotected": _unprotected,
    "plan": _plan,
    "strategies": _strategies,
}
