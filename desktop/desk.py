"""One window on one engine, or on a recording of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.chosen_config import first_interval, with_chosen_limits
from desktop.engine_bridge import EngineBridge
from desktop.main_window import MainWindow
from desktop.models.preferences import Preferences
from desktop.shutdown import Shutdown
from desktop.sounds import Sounds
from desktop.widgets.chosen_look import look_on
from engine.clock import Clock
from engine.config import Config, Environment
from engine.events import Alert, EngineStateChanged, Event
from engine.strategies.strategy_host import StrategyHost
from engine.trading_engine import TradingEngine
from engine.trading_types import AlertLevel, EngineState

if TYPE_CHECKING:
    from engine.recording.player import RecordingPlayer


class Desk(QObject):
    """One window on one engine, or on a recording of one. Made and closed on the GUI thread."""

    closed = Signal(object)  # True: everything ended in time

    def __init__(
        self,
        config: Config,
        environment: Environment,
        user_data: Path,
        clock: Clock | None = None,
        *,
        has_hints: bool = False,
    ) -> None:
        super().__init__()
        # what happens in a recording must not change what is kept
        kept = user_data if environment.recording is None else None
        preferences = Preferences(user_data / "preferences.json")
        look_on(preferences)
        self.engine, symbol, interval = _engine_for(
            config, environment, user_data, preferences, clock
        )
        self.bridge = EngineBridge(self.engine.hub, self.engine.submit)
        self.window = MainWindow(
            environment=environment.name,
            kind=environment.kind,
            symbol=symbol,
            environments={
                name: config.environment(name).kind for name in config.environment_names()
            },
            interval=interval,
            preferences=preferences if kept is not None else None,
            configured=config.for_kind(environment.kind).values,
            submit=self.bridge.submit,
            has_hints=has_hints,
            user_data=kept,
            now_ms=self.engine.clock.now_ms,
        )
        self._sounds = Sounds()
        self.window.sound_wanted.connect(self._sounds.play)
        self._has_instruments = False
        self._shutdown = Shutdown(self.engine.stop)
        self._shutdown.finished.connect(self.closed)
        self.bridge.events_ready.connect(self._on_events)
        self.window.close_requested.connect(self.close)

    def open(self) -> None:
        """Show the window; the engine starts once it has been painted."""
        self.window.show()
        QTimer.singleShot(0, self.engine.start)

    @Slot()
    def come_forward(self) -> None:
        """Somebody started the program again: this window is what they want to see."""
        if self.window.isMinimized():
            self.window.showNormal()
        self.window.raise_()
        self.window.activateWindow()

    @Slot()
    def close(self) -> None:
        """The window goes at once, the rest within the shutdown's deadline."""
        self.bridge.close()
        self.window.hide()
        self._sounds.close()
        self._shutdown.begin()

    def tell(self, sentence: str) -> None:
        """Any thread: show an error of our own as an alert."""
        self.engine.hub.publish(
            Alert(
                level=AlertLevel.ERROR,
                code="INTERNAL",
                sentence=sentence,
                at_ms=self.engine.clock.now_ms(),
            )
        )

    @Slot(object)
    def _on_events(self, events: list[Event]) -> None:
        if not self._has_instruments and any(_is_recovering(event) for event in events):
            # loaded by now: the engine recovers only after it knows the contracts
            self._has_instruments = True
            self.window.set_instruments(self.engine.instruments)
        self.window.handle_events(events)


def _is_recovering(event: Event) -> bool:
    return isinstance(event, EngineStateChanged) and event.state in (
        EngineState.RECOVERING,
        EngineState.LIVE,
    )


def _engine_for(
    config: Config,
    environment: Environment,
    user_data: Path,
    preferences: Preferences,
    clock: Clock | None,
) -> tuple[TradingEngine | RecordingPlayer, str, str]:
    """And the symbol and the interval that the window begins with."""
    if environment.recording is not None:
        from engine.recording.player import RecordingPlayer  # noqa: PLC0415 - the first frame needs none of it

        player = RecordingPlayer(environment.recording)
        return player, player.symbol, player.interval
    limited = with_chosen_limits(config, preferences)
    engine = TradingEngine(limited, environment, user_data, clock=clock)
    engine.host(StrategyHost(engine))
    return engine, config["desktop.symbol"], first_interval(config, preferences)
