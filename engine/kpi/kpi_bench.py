"""What a KPI run measures with: an engine, and a second way to the venue's own books."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.clock import Clock
from engine.config import Config, Environment
from engine.credentials import find_credentials
from engine.exchange.binance_gateway import BinanceGateway
from engine.exchange.gateway_health import GatewayHealth
from engine.kpi import link_cut
from engine.kpi.network_breaks import CleanCut, HalfOpenSilence, NetworkBreak, RelayedHosts
from engine.market.instruments import Instrument
from engine.paper.paper_discovery import announce, withdraw
from engine.paper.paper_process import PaperOptions, PaperProcess
from engine.secret import Credentials, Secret
from engine.trading_engine import TradingEngine
from engine.trading_types import EngineState, EnvironmentKind, Route, StreamState
from engine.wire.hosts import Hosts

_ROUTES = len(Route)


class KpiBench:
    """`books` asks the venue past every relay, and acts there as a program elsewhere would."""

    def __init__(
        self,
        engine: TradingEngine,
        books: BinanceGateway,
        symbol: str,
        breaks: tuple[NetworkBreak, ...],
    ) -> None:
        self.engine = engine
        self.books = books
        self.symbol = symbol
        self.breaks = breaks

    @property
    def clock(self) -> Clock:
        return self.engine.clock

    @property
    def instrument(self) -> Instrument:
        return self.engine.instrument(self.symbol)

    def health(self) -> GatewayHealth:
        gateway = self.engine.gateway
        assert isinstance(gateway, BinanceGateway)
        return gateway.health()

    def is_up(self) -> bool:
        """The engine is LIVE and so is each of the three routes."""
        routes = self.health().routes
        return (
            self.engine.state is EngineState.LIVE
            and len(routes) == _ROUTES
            and all(route.state is StreamState.LIVE for route in routes)
        )


class _Access(msgspec.Struct, frozen=True, kw_only=True):
    """The environment as the engine shall see it, and the venue behind it."""

    config: Config
    direct: Hosts
    credentials: Credentials
    breaks: tuple[NetworkBreak, ...] = ()


@contextlib.contextmanager
def open_bench(config: Config, environment: Environment, user_data: Path) -> Iterator[KpiBench]:
    """A live engine that watches the configured symbol. Blocks.

    On paper the exchange is a private one with its state in `user_data`. Raises what
    keeps an engine from starting.
    """
    with contextlib.ExitStack() as stack:
        if environment.hosts is None:
            access = _private_paper(config, user_data, stack)
        else:
            access = _named(config, environment, environment.hosts, stack)
        books = BinanceGateway(
            hosts=access.direct,
            api_key=access.credentials.api_key,
            api_secret=access.credentials.api_secret.reveal(),
        )
        stack.callback(books.close)
        # hundreds of equal orders as fast as the exchange takes them are meant here
        config_used = access.config.with_values(
            risk__orders_per_second=0, risk__duplicate_within_ms=0
        )
        engine = stack.enter_context(
            TradingEngine.open(environment.name, config=config_used, user_data=user_data)
        )
        yield KpiBench(engine, books, config["desktop.symbol"], access.breaks)


def _private_paper(config: Config, user_data: Path, stack: contextlib.ExitStack) -> _Access:
    """Announced with the relay's address, so that the engine joins it by the usual way."""
    state_dir = user_data / "paper"
    process = PaperProcess.start(
        PaperOptions(
            seed=config["paper.seed"],
            symbols=config["paper.symbols"],
            balance=str(config["paper.balance_usdt"]),
            state_dir=state_dir,
        )
    )
    stack.callback(process.stop)
    relayed = RelayedHosts(process.hosts)
    stack.callback(relayed.close)
    hosts = relayed.hosts
    announce(
        state_dir,
        msgspec.structs.replace(
            process.ready, rest=hosts.rest, streams=hosts.streams, ws_api=hosts.ws_api
        ),
    )
    stack.callback(withdraw, state_dir)
    return _Access(
        config=config,
        direct=process.hosts,
        credentials=Credentials(process.api_key, Secret(process.api_secret)),
        breaks=_breaks_of(relayed),
    )


def _named(
    config: Config, environment: Environment, direct: Hosts, stack: contextlib.ExitStack
) -> _Access:
    """Only an exchange on this computer is put behind a relay: TLS would refuse ours."""
    credentials = find_credentials(environment.name)
    if environment.kind is not EnvironmentKind.PAPER:
        return _Access(config=config, direct=direct, credentials=credentials)
    relayed = RelayedHosts(direct)
    stack.callback(relayed.close)
    hosts = relayed.hosts
    row = {"rest": hosts.rest, "streams": hosts.streams, "ws_api": hosts.ws_api}
    own = {**config["environments"], environment.name: row}
    return _Access(
        config=config.with_values(environments=own),
        direct=direct,
        credentials=credentials,
        breaks=(CleanCut(relayed.relays), HalfOpenSilence(relayed.relays)),
    )


def _breaks_of(relayed: RelayedHosts) -> tuple[NetworkBreak, ...]:
    clean = link_cut.LinkCut() if link_cut.is_inside() else CleanCut(relayed.relays)
    return (clean, HalfOpenSilence(relayed.relays))
