"""The program: puts window, bridge and engine together, and takes them apart again."""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QMessageBox

from desktop.chosen_config import first_interval, with_chosen_limits
from desktop.collector import Collector
from desktop.crash_hooks import CrashHooks
from desktop.engine_bridge import EngineBridge
from desktop.main_window import MainWindow
from desktop.models.preferences import Preferences
from desktop.options import Options
from desktop.shutdown import Shutdown
from desktop.single_instance import SingleInstance
from desktop.sounds import Sounds
from desktop.theme.apply_theme import apply_theme
from desktop.widgets.chosen_look import look_on
from engine.clock import Clock
from engine.config import Config, Environment, load_config, recording_of
from engine.errors import PerpdeskError
from engine.events import Alert, EngineStateChanged, Event
from engine.recording.recording_files import RecordingError
from engine.strategies.strategy_host import StrategyHost
from engine.trading_engine import TradingEngine
from engine.trading_types import AlertLevel, EngineState
from engine.utils.logger import close_logging, setup_logging
from engine.utils.paths import user_data_dir

if TYPE_CHECKING:
    from engine.recording.player import RecordingPlayer

logger = logging.getLogger(__name__)

EXIT_BAD_INPUT = 78

# Shorter turns of the interpreter keep clicks quick while a stream thread decodes.
_SWITCH_INTERVAL_S = 0.0005
_CTRL_C_MS = 200


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
        self.engine: TradingEngine | RecordingPlayer
        if environment.recording is None:
            limited = with_chosen_limits(config, preferences)
            self.engine = TradingEngine(limited, environment, user_data, clock=clock)
            self.engine.host(StrategyHost(self.engine))
            symbol, interval = config["desktop.symbol"], first_interval(config, preferences)
        else:
            from engine.recording.player import RecordingPlayer  # noqa: PLC0415 - the first frame needs none of it

            self.engine = RecordingPlayer(environment.recording)
            symbol, interval = self.engine.symbol, self.engine.interval
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


class Desks(QObject):
    """The desk that is open, and the way to another environment: close, then open there.

    One at a time: an engine that does not end in time ends the program.
    """

    closed = Signal(object)  # True: everything ended in time

    def __init__(
        self, config: Config, environment: Environment, user_data: Path, *, has_hints: bool = False
    ) -> None:
        super().__init__()
        self._has_hints = has_hints
        self._config = config
        self._user_data = user_data
        self._environment = environment
        self._home = environment if environment.recording is None else config.environment()
        self._next: Environment | None = None
        self.desk = self._make(environment)

    @Slot(object)
    def go_to(self, name: str) -> None:
        self._next = self._config.environment(name)
        self.desk.window.keep_choices()
        self.desk.close()

    @Slot(object)
    def open_recording(self, file: Path) -> None:
        self._next = recording_of(file)
        self.desk.window.keep_choices()
        self.desk.close()

    @Slot()
    def leave_recording(self) -> None:
        self.go_to(self._home.name)

    def close(self) -> None:
        """The program ends, also in the middle of a change."""
        self._next = None
        self.desk.close()

    def tell(self, sentence: str) -> None:
        self.desk.tell(sentence)

    @Slot()
    def come_forward(self) -> None:
        self.desk.come_forward()

    def _make(self, environment: Environment) -> Desk:
        desk = Desk(self._config, environment, self._user_data, has_hints=self._has_hints)
        desk.closed.connect(self._on_closed)
        desk.window.environment_wanted.connect(self.go_to)
        desk.window.recording_wanted.connect(self.open_recording)
        desk.window.recording_left.connect(self.leave_recording)
        self._environment = environment
        if environment.recording is None:
            self._home = environment
        return desk

    def _try(self, environment: Environment) -> Desk:
        """A file that is no recording leads back, with the reason."""
        try:
            return self._make(environment)
        except RecordingError as error:
            desk = self._make(self._environment)
            desk.tell(str(error))
            return desk

    @Slot(object)
    def _on_closed(self, in_time: bool) -> None:
        environment, self._next = self._next, None
        if environment is None or not in_time:
            self.closed.emit(in_time)
            return
        logger.info("environment changes to %s", environment.name)
        before, self.desk = self.desk, self._try(environment)
        self.desk.open()
        before.window.deleteLater()
        before.deleteLater()


def _is_recovering(event: Event) -> bool:
    return isinstance(event, EngineStateChanged) and event.state in (
        EngineState.RECOVERING,
        EngineState.LIVE,
    )


class Task(Protocol):
    """What a program without a person does with the window; ends by closing it."""

    exit_code: int

    def begin(self) -> None: ...


def run(options: Options) -> int:
    """Open the window and serve until it is closed. Returns the exit code."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    app = QApplication(["perpdesk"])
    app.setApplicationName("Perpdesk")
    app.setQuitOnLastWindowClosed(False)
    apply_theme(app)
    try:
        config = load_config(options.config)
        environment = config.environment(options.environment)
        if options.replay_recording is not None:
            environment = recording_of(options.replay_recording)
        if not options.is_offscreen or options.user_data is not None:
            return _serve(app, options, config, environment, user_data_dir(options.user_data))
        with tempfile.TemporaryDirectory(prefix="perpdesk-", ignore_cleanup_errors=True) as folder:
            return _serve(app, options, config, environment, Path(folder))
    except (PerpdeskError, OSError) as error:
        return _refuse(str(error), with_window=not options.is_offscreen)


def _serve(
    app: QApplication, options: Options, config: Config, environment: Environment, user_data: Path
) -> int:
    setup_logging(user_data)
    instance = SingleInstance(user_data)
    if not instance.is_first:
        close_logging()
        return _say_open(user_data)
    desks = Desks(config, environment, user_data, has_hints=not options.is_offscreen)
    desk = desks.desk  # what a task or a picture is about; a person may change it
    instance.second_start.connect(desks.come_forward)
    hooks = CrashHooks(user_data, desks.tell)
    hooks.install()
    collector = Collector(app)
    if options.size is not None:
        desk.window.resize(*options.size)
    task = _task_for(options, desk, user_data)
    desks.closed.connect(lambda in_time: app.exit(0 if in_time else 1))
    ctrl_c = _listen_for_ctrl_c(desks)
    desk.open()
    if task is not None:
        task.begin()
    code = app.exec()
    ctrl_c.stop()
    collector.close()
    instance.close()
    hooks.close()
    close_logging()
    return code or (task.exit_code if task is not None else 0)


def _task_for(options: Options, desk: Desk, user_data: Path) -> Task | None:
    if options.selftest:
        from desktop.selftest import Selftest  # noqa: PLC0415 - only then is QtTest needed

        assert isinstance(desk.engine, TradingEngine)
        return Selftest(desk.window, desk.engine, user_data / "selftest.json")
    if options.screenshot is not None:
        from desktop.screenshot import Screenshot  # noqa: PLC0415

        return Screenshot(desk.window, options.screenshot, options.after_s)
    return None


def _listen_for_ctrl_c(desks: Desks) -> QTimer:
    """Python sees a signal only when it gets to run, so it is given a turn now and then."""
    signal.signal(signal.SIGINT, lambda *_: desks.close())
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, lambda *_: desks.close())
    turn = QTimer(desks, interval=_CTRL_C_MS)
    turn.timeout.connect(_take_a_turn)
    turn.start()
    return turn


def _take_a_turn() -> None:
    """Nothing to do: being called is the point."""


def _say_open(user_data: Path) -> int:
    """The first window is on top now: nothing is wrong, so no dialog says more."""
    if sys.stderr is not None:
        sentence = f"Perpdesk is open already with {user_data}; its window was brought forward."
        print(f"perpdesk: {sentence}", file=sys.stderr)  # noqa: T201 - for the shell that asked
    return 0


def _refuse(sentence: str, *, with_window: bool) -> int:
    if sys.stderr is not None:
        print(f"perpdesk: {sentence}", file=sys.stderr)  # noqa: T201 - before there is a log
    if with_window:
        QMessageBox.critical(None, "Perpdesk cannot start", sentence)
    return EXIT_BAD_INPUT
