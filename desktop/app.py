"""The program: opens a desk, serves until it is closed, and ends what was begun."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from desktop.collector import Collector
from desktop.crash_hooks import CrashHooks
from desktop.desk import Desk
from desktop.desks import Desks
from desktop.options import Options
from desktop.single_instance import SingleInstance
from desktop.theme.apply_theme import apply_theme
from engine.config import Config, Environment, load_config, recording_of
from engine.errors import PerpdeskError
from engine.trading_engine import TradingEngine
from engine.utils.logger import close_logging, setup_logging
from engine.utils.paths import user_data_dir

EXIT_BAD_INPUT = 78

# Shorter turns of the interpreter keep clicks quick while a stream thread decodes.
_SWITCH_INTERVAL_S = 0.0005
_CTRL_C_MS = 200


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
