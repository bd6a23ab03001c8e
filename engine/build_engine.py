"""The only place that decides which parts an engine is made of.

Everything here blocks (processes, files, key store) and runs on the thread
that starts the engine, never on the GUI's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from engine.clock import Clock
from engine.config import Config, Environment
from engine.credentials import find_credentials
from engine.errors import PaperExchangeError, PerpdeskError
from engine.event_hub import EventHub
from engine.events import Event, HistoryLoaded
from engine.exchange.binance_gateway import BinanceGateway, GatewaySettings
from engine.exchange.rest_client import RestSettings
from engine.exchange.stream_liveness import StreamSettings
from engine.exchange.wire_tap import WireTap
from engine.journal.journal_reader import JournalReader
from engine.journal.journal_writer import JournalWriter
from engine.journal.lock_outs import LockOuts
from engine.market.instruments import Instrument
from engine.market_feed import MarketFeed
from engine.oms.brackets import Brackets
from engine.oms.order_manager import OmsSettings, OrderManager
from engine.oms.risk_rules import RiskLimits
from engine.paper.paper_control import PaperControl
from engine.paper.paper_discovery import find_running
from engine.paper.paper_keeper import PaperKeeper
from engine.paper.paper_process import ReadyLine
from engine.paper_start import paper_options, paper_state_dir
from engine.plans.best_prices import BestPrices
from engine.plans.kept_plans import KeptPlans
from engine.plans.plan_book import PlanBook
from engine.plans.plan_locks import PlanLocks
from engine.plans.plan_runner import PlanRunner, PlanSettings
from engine.protection_views import BracketView
from engine.secret import Credentials, Secret
from engine.trading_types import EnvironmentKind
from engine.utils.retry import RetryPolicy
from engine.utils.threads import CrashHandler
from engine.wire.hosts import Hosts

_HISTORY_KEPT = 500
_KEY_CHARS = 8  # of a paper account's key, in its journal's name


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """Where to trade and who we are.

    `paper` is the paper exchange if we started it, `control` our hand on any that is one.
    """

    hosts: Hosts
    credentials: Credentials
    paper: PaperKeeper | None = None
    control: PaperControl | None = None

    def close(self, timeout_s: float) -> None:
        if self.paper is not None:
            self.paper.stop(timeout_s)


def open_venue(config: Config, environment: Environment, user_data: Path) -> Venue:
    """Raises CredentialsError or PaperExchangeError, with what to do about it."""
    if environment.hosts is not None:
        return _own_hosts(environment.name, environment.kind, environment.hosts)
    state_dir = paper_state_dir(user_data)
    running = find_running(state_dir)
    if running is not None:
        return _joined(running)
    try:
        return _started(config, user_data)
    except PaperExchangeError:
        running = find_running(state_dir)  # another program was a moment quicker
        if running is None:
            raise
        return _joined(running)


def _own_hosts(name: str, kind: EnvironmentKind, hosts: Hosts) -> Venue:
    credentials = find_credentials(name)
    is_paper = kind is EnvironmentKind.PAPER
    control = PaperControl(hosts.rest, credentials.api_key) if is_paper else None
    return Venue(hosts=hosts, credentials=credentials, control=control)


def _joined(ready: ReadyLine) -> Venue:
    return Venue(
        hosts=Hosts(rest=ready.rest, streams=ready.streams, ws_api=ready.ws_api),
        credentials=Credentials(ready.api_key, Secret(ready.api_secret)),
        control=PaperControl(ready.rest, ready.api_key),
    )


def _started(config: Config, user_data: Path) -> Venue:
    keeper = PaperKeeper(paper_options(config, user_data), paper_state_dir(user_data))
    return msgspec.structs.replace(_joined(keeper.ready), paper=keeper)


def build_gateway(
    config: Config,
    venue: Venue,
    clock: Clock,
    publish: Callable[[Event], None],
    on_crash: CrashHandler,
    tap: WireTap | None = None,
) -> BinanceGateway:
    return BinanceGateway(
        hosts=venue.hosts,
        api_key=venue.credentials.api_key,
        api_secret=venue.credentials.api_secret.reveal(),
        clock=clock,
        settings=gateway_settings(config, tap),
        on_state=publish,
        on_alert=publish,
        on_brake=publish,
        on_crash=on_crash,
    )


def gateway_settings(config: Config, tap: WireTap | None = None) -> GatewaySettings:
    own_limit: int = config["network.weight_limit_per_minute"]
    return GatewaySettings(
        rest=RestSettings(
            connect_timeout_s=config["network.connect_timeout_s"],
            read_timeout_s=config["network.read_timeout_s"],
            recv_window_ms=config["exchange.recv_window_ms"],
            read_retry=RetryPolicy(
                attempts=config["oms.retry_attempts"],
                base_s=config["oms.retry_backoff_base"],
            ),
            proxy=config["network.proxy"],
            tap=tap,
        ),
        streams=StreamSettings(
            reconnect_max_delay_s=config["websocket.reconnect_max_delay"],
            ping_interval_s=config["websocket.ping_interval"],
            first_data_s=config["websocket.first_data_deadline_s"],
            proxy=config["network.proxy"],
            tap=tap,
        ),
        weight_limit=own_limit or None,
        orders_over=config["orders.transport"],
    )


class Rules:
    """The contracts' rules, translated once: a real venue has five hundred of them."""

    def __init__(self, gateway: BinanceGateway) -> None:
        self._gateway = gateway
        self._known: Mapping[str, Instrument] | None = None

    def instruments(self) -> Mapping[str, Instrument]:
        if self._known is None:
            self._known = self._gateway.get_exchange_instruments()
        return self._known


class Parts:
    """A built engine's parts, and the order in which they are taken apart."""

    def __init__(
        self,
        venue: Venue,
        gateway: BinanceGateway,
        oms: OrderManager,
        brackets: Brackets,
        journal: JournalWriter,
        rules: Rules,
    ) -> None:
        self.venue = venue
        self.gateway = gateway
        self.oms = oms
        self.brackets = brackets
        self.journal = journal
        self.rules = rules

    def restore(self) -> None:
        """What the journal knew to be open; the first recovery asks what became of it."""
        reader = JournalReader(self.journal.path)
        self.oms.restore(
            reader.open_orders(),
            reader.fills_of_open_orders(),
            reader.last_trade_ids(),
            reader.open_algos(),
        )

    def resume_brackets(self) -> int:
        """Follow those that an earlier run left open. Returns their number."""
        return self.brackets.restore(JournalReader(self.journal.path).open_brackets())

    def kept_brackets(self) -> list[BracketView]:
        """Those that the journal knows to be open, whoever follows them."""
        return self.brackets.read(JournalReader(self.journal.path).open_brackets())

    def history(self) -> HistoryLoaded:
        """What the tables of a window begin with."""
        reader = JournalReader(self.journal.path)
        return HistoryLoaded(
            orders=tuple(reversed(reader.orders(limit=_HISTORY_KEPT))),
            fills=tuple(reversed(reader.fills(limit=_HISTORY_KEPT))),
        )

    def close_connections(self, timeout_s: float) -> None:
        """First: whoever waits on the network sees its end at once."""
        self.oms.close()
        self.gateway.close(timeout_s)
        self.brackets.stop(timeout_s)
        self.oms.join(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Last: everything that happened until now is written down, then our child ends."""
        self.journal.close(timeout_s / 2)
        self.venue.close(timeout_s / 2)


def build_parts(
    config: Config,
    environment: Environment,
    user_data: Path,
    *,
    clock: Clock,
    hub: EventHub,
    mark_price: Callable[[str], Decimal | None],
    last_price: Callable[[str], Decimal | None],
    on_gap: Callable[[], None],
    on_crash: CrashHandler,
    tap: WireTap | None = None,
) -> Parts:
    """Raises ConfigError, CredentialsError, PaperExchangeError or JournalError."""
    venue = open_venue(config, environment, user_data)
    try:
        journal = JournalWriter(_journal_file(environment, venue, user_data), clock, hub.publish)
        gateway = build_gateway(config, venue, clock, hub.publish, on_crash, tap)
        rules = Rules(gateway)
        oms = OrderManager(
            gateway,
            journal,
            hub,
            clock,
            rules.instruments,
            oms_settings(config, environment),
            mark_price=mark_price,
            last_price=last_price,
            on_gap=on_gap,
            on_crash=on_crash,
            locks=LockOuts(journal.path, venue.credentials.api_secret.reveal()),
        )
        brackets = Brackets(
            oms,
            gateway,
            journal,
            hub,
            clock,
            rules.instruments,
            # a market where nothing has traded yet still has a mark price
            price_now=lambda symbol: last_price(symbol) or mark_price(symbol),
            locks=journal.path.with_suffix(".brackets"),
            on_crash=on_crash,
        )
    except PerpdeskError:
        venue.close(1.0)
        raise
    journal.start(hub)
    return Parts(venue, gateway, oms, brackets, journal, rules)


def oms_settings(config: Config, environment: Environment) -> OmsSettings:
    return OmsSettings(
        retry_attempts=config["oms.retry_attempts"],
        retry_backoff_base=config["oms.retry_backoff_base"],
        risk=risk_limits(config.for_kind(environment.kind)),
    )


def risk_limits(config: Config) -> RiskLimits:
    """Every `risk.` setting, none of them `auto`; amounts as the Decimal that the file shows."""
    exact = {
        field.name: _exact(config[f"risk.{field.name}"])
        for field in msgspec.structs.fields(RiskLimits)
    }
    return RiskLimits(**exact)


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    return {key: _exact(one) for key, one in value.items()} if isinstance(value, dict) else value


def build_plans(
    config: Config,
    parts: Parts,
    feed: MarketFeed,
    *,
    clock: Clock,
    hub: EventHub,
    on_crash: CrashHandler,
) -> PlanRunner:
    gateway, journal = parts.gateway, parts.journal

    def orders_left_pct() -> float:
        figures = gateway.health()
        return 100.0 * (1 - figures.orders_used / figures.orders_limit)

    # beside the journal that they stand in, and for it alone
    locks = PlanLocks(journal.path.with_suffix(".plans"))
    return PlanRunner(
        parts.oms,
        hub,
        clock,
        PlanBook(journal, locks, clock, hub.publish),
        KeptPlans(journal.path),
        BestPrices(hub, feed.follow_best_price, gateway.get_depth, clock),
        parts.rules.instruments,
        orders_left_pct=orders_left_pct,
        on_crash=on_crash,
        settings=PlanSettings(
            amends_per_second=config["plans.amends_per_second"],
            order_reserve_pct=config["plans.order_reserve_pct"],
        ),
    )


def journals_of(environment: Environment, user_data: Path) -> list[Path]:
    """Those that were written for an environment, the last used first: on paper there may be
    several, one an account.
    """
    if environment.hosts is not None:
        file = user_data / f"journal-{environment.name}.db"
        return [file] if file.exists() else []
    pattern = f"journal-{environment.name}-{'[!.]' * _KEY_CHARS}.db"
    return sorted(user_data.glob(pattern), key=lambda file: -file.stat().st_mtime)


def _journal_file(environment: Environment, venue: Venue, user_data: Path) -> Path:
    """One journal an environment; on paper one an account, since a reset starts its ids anew."""
    name = environment.name
    if environment.hosts is None:
        name += f"-{venue.credentials.api_key[:_KEY_CHARS]}"
    return user_data / f"journal-{name}.db"
