"""Settings: read from YAML, checked whole, frozen.

A wrong setting never half-works: `load_config` raises ConfigError that names
the key, says what is wrong and what would be right.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import yaml

from engine.config_keys import AUTO, AUTOMATIC, KEYS
from engine.errors import ConfigError
from engine.trading_types import EnvironmentKind
from engine.utils.paths import is_frozen, program_dir
from engine.wire.hosts import MAINNET, TESTNET, Hosts

# written in C where the system has it: the other takes a percent of the whole start
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Environment(msgspec.Struct, frozen=True):
    """`hosts` is None for paper: they are known once the exchange has started. `recording` is
    the file of a recorded session, which is played instead of trading anywhere.
    """

    name: str
    kind: EnvironmentKind
    hosts: Hosts | None
    recording: Path | None = None


def recording_of(file: Path) -> Environment:
    return Environment("recording", EnvironmentKind.RECORDING, None, file)


class Config(msgspec.Struct, frozen=True):
    """Read a value with `config["websocket.ping_interval"]`; the keys are in config_keys."""

    values: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def environment_names(self) -> tuple[str, ...]:
        """Every environment that `environment` knows, the built-in ones first."""
        own = [name for name in self["environments"] if name not in _BUILT_IN]
        return (*_BUILT_IN, *own)

    def environment(self, name: str | None = None) -> Environment:
        """The environment `name`, or the configured one. Raises ConfigError."""
        chosen = name or ("testnet" if self["exchange.testnet"] else self["exchange.environment"])
        own: dict[str, dict[str, str]] = self["environments"]
        if chosen in own:
            return Environment(chosen, _kind_of(own[chosen]), Hosts(**own[chosen]))
        if chosen in _BUILT_IN:
            return _BUILT_IN[chosen]
        known = ", ".join([*_BUILT_IN, *own])
        raise ConfigError(
            "exchange.environment", f"there is no environment {chosen!r}; known are: {known}."
        )

    def for_kind(self, kind: EnvironmentKind) -> Config:
        """With every `auto` decided: see AUTOMATIC. Where no money is at stake it is 0."""
        is_real = kind in (EnvironmentKind.LIVE, EnvironmentKind.TESTNET)
        decided = {
            key: number if is_real else 0
            for key, number in AUTOMATIC.items()
            if self.values[key] == AUTO
        }
        return Config(MappingProxyType({**self.values, **decided}))

    def with_values(self, **changes: Any) -> Config:
        """A copy with other values; `__` stands for the dot: paper__seed=1."""
        changed = {key.replace("__", "."): value for key, value in changes.items()}
        return Config(MappingProxyType({**self.values, **_checked(changed)}))


_BUILT_IN = {
    "paper": Environment("paper", EnvironmentKind.PAPER, None),
    "testnet": Environment("testnet", EnvironmentKind.TESTNET, TESTNET),
    "live": Environment("live", EnvironmentKind.LIVE, MAINNET),
}


def _kind_of(hosts: Mapping[str, str]) -> EnvironmentKind:
    """Hosts of one's own on this computer are paper; any others might be real money."""
    loopback = ("://127.0.0.1", "://localhost", "://[::1]")
    if all(any(mark in url for mark in loopback) for url in hosts.values()):
        return EnvironmentKind.PAPER
    return EnvironmentKind.LIVE


def default_config() -> Config:
    return Config(MappingProxyType({key: default for key, (_, default) in KEYS.items()}))


def load_config(path: str | Path | None = None) -> Config:
    """The settings of `path`; without one, config.yaml here, else the program's own.

    Raises ConfigError: no such file, not YAML, unknown key, wrong value.
    """
    file = Path(path) if path is not None else _usual_file()
    if file is None:
        return default_config()
    return parse_config(_read(file), file.name)


def parse_config(content: str, file_name: str = "config.yaml") -> Config:
    try:
        document = _document(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "unreadable"
        raise ConfigError(file_name, f"is not valid YAML{place}: {what}.") from None
    if document is None:
        return default_config()
    if not isinstance(document, dict):
        raise ConfigError(file_name, "must hold sections such as `exchange:`, not a single value.")
    given = dict(_flatten(document))
    return Config(MappingProxyType({**default_config().values, **_checked(given)}))


def _document(content: str) -> Any:
    """Raises yaml.YAMLError: that of the loader in Python, which says better where it is."""
    try:
        return yaml.load(content, Loader=_LOADER)  # noqa: S506 - both are the safe one
    except yaml.YAMLError:
        return yaml.safe_load(content)


def _usual_file() -> Path | None:
    """Here, then beside the packaged program, where a person may edit it, then its own."""
    folders = [Path.cwd(), program_dir()]
    if is_frozen():
        folders.insert(1, Path(sys.executable).resolve().parent)
    for folder in folders:
        if (folder / "config.yaml").is_file():
            return folder / "config.yaml"
    return None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError("--config", f"there is no file {file}.") from None
    except UnicodeDecodeError:
        raise ConfigError(file.name, "is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError("--config", f"{file} cannot be read: {error.strerror}.") from None


def _flatten(document: Mapping[Any, Any]) -> Iterator[tuple[str, object]]:
    """Section by section; a key that is whole in KEYS (environments) stays whole."""
    for section, content in document.items():
        if str(section) in KEYS:
            yield str(section), content
        elif any(key.startswith(f"{section}.") for key in KEYS):
            if content is None:
                continue  # a section whose keys are all commented out
            if not isinstance(content, dict):
                raise ConfigError(str(section), "must hold keys of its own, indented below it.")
            yield from ((f"{section}.{key}", value) for key, value in content.items())
        else:
            raise _unknown(str(section))


def _checked(given: Mapping[str, object]) -> dict[str, Any]:
    values = {}
    for key, value in given.items():
        if key not in KEYS:
            raise _unknown(key)
        check, _ = KEYS[key]
        values[key] = check(key, value)
    return values


def _unknown(key: str) -> ConfigError:
    names = [*KEYS, *{name.split(".")[0] for name in KEYS}]
    near = difflib.get_close_matches(key, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else " Remove it, or see config.yaml for the keys."
    return ConfigError(key, f"is not a known setting.{hint}")
