"""From a file to the strategy class in it."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Protocol, runtime_checkable

import msgspec

from engine.errors import BadInput
from engine.events import Event
from engine.strategies.strategy_desk import StrategyDesk
from engine.utils.logger import redact

_EXPLAINED = "A strategy file has one class with on_start(self, desk) and on_event(self, event)."


@runtime_checkable
class Strategy(Protocol):
    """What a strategy class has; `on_stop(self, desk)` and `keeps_orders = True` are its choice."""

    def on_start(self, desk: StrategyDesk) -> None: ...

    def on_event(self, event: Event) -> None: ...


class LoadedStrategy(msgspec.Struct, frozen=True):
    """`name` is the file's, without .py."""

    name: str
    path: Path
    strategy: Strategy


def load_strategy(path: Path | str) -> LoadedStrategy:
    """Runs the file and makes its strategy. Blocks for as long as the file does.

    Raises BadInput naming the file, and the line where it fails.
    """
    path = Path(path).resolve()
    if not path.is_file():
        raise BadInput("file", f"There is no file {path}.")
    found = _classes_in(_run(path))
    if len(found) != 1:
        count = "no" if not found else f"{len(found)}"
        raise BadInput("file", f"{path.name} has {count} strategy classes. {_EXPLAINED}")
    try:
        made = found[0]()
    except (Exception, SystemExit) as error:
        raise BadInput("file", where_it_failed(error, path)) from error
    assert isinstance(made, Strategy)
    return LoadedStrategy(path.stem, path, made)


def where_it_failed(error: BaseException, path: Path) -> str:
    """File, line and error, for a person: the innermost line of the file itself. No secret of
    ours is in it.
    """
    words = redact(str(error))
    what = f"{type(error).__name__}: {words}" if words else type(error).__name__
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return f"{path.name}, line {error.lineno}: {what}"
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == path
    ]
    return f"{path.name}, line {lines[-1]}: {what}" if lines else f"{path.name}: {what}"


def _run(path: Path) -> ModuleType:
    name = f"perpdesk_strategy_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadInput("file", f"{path.name} is no Python file; its name must end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise BadInput("file", where_it_failed(error, path)) from error
    return module


def _classes_in(module: ModuleType) -> list[type]:
    return [
        one
        for one in vars(module).values()
        if isinstance(one, type)
        and one.__module__ == module.__name__
        and hasattr(one, "on_start")
        and hasattr(one, "on_event")
    ]
