"""The only place that decides which parts an engine is made of.

Everything here blocks (processes, files, key store) and runs on the thread
that starts the engine, never on the GUI's.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from engine.config import Config, Environment
from engine.credentials import Credentials, Secret, find_credentials
from engine.errors import PaperExchangeError
from engine.paper.paper_discovery import announce, find_running, withdraw
from engine.paper.paper_process import PaperOptions, PaperProcess, ReadyLine
from engine.wire.hosts import Hosts


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """Where to trade and who we are. `paper` is the exchange's process, if we started it."""

    hosts: Hosts
    credentials: Credentials
    paper: PaperProcess | None = None
    paper_state: Path | None = None

    def close(self, timeout_s: float) -> None:
        if self.paper is not None:
            if self.paper_state is not None:
                withdraw(self.paper_state)
            self.paper.stop(timeout_s)


def open_venue(config: Config, environment: Environment, user_data: Path) -> Venue:
    """Raises CredentialsError or PaperExchangeError, with what to do about it."""
    if environment.hosts is not None:
        return Venue(hosts=environment.hosts, credentials=find_credentials(environment.name))
    state_dir = user_data / "paper"
    running = find_running(state_dir)
    if running is not None:
        return _joined(running)
    try:
        return _started(config, state_dir)
    except PaperExchangeError:
        running = find_running(state_dir)  # another program was a moment quicker
        if running is None:
            raise
        return _joined(running)


def _joined(ready: ReadyLine) -> Venue:
    return Venue(
        hosts=Hosts(rest=ready.rest, streams=ready.streams, ws_api=ready.ws_api),
        credentials=Credentials(ready.api_key, Secret(ready.api_secret)),
    )


def _started(config: Config, state_dir: Path) -> Venue:
    process = PaperProcess.start(
        PaperOptions(
            seed=config["paper.seed"],
            symbols=config["paper.symbols"],
            balance=str(config["paper.balance_usdt"]),
            quiet_market=config["paper.quiet_market"],
            state_dir=state_dir,
        )
    )
    announce(state_dir, process.ready)
    return Venue(
        hosts=process.hosts,
        credentials=Credentials(process.api_key, Secret(process.api_secret)),
        paper=process,
        paper_state=state_dir,
    )
