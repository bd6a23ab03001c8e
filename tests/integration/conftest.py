"""A whole engine on a real, quiet paper exchange, and a stranger who trades against it.

And gateways without an engine, which are closed however the test ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import Config, default_config
from engine.paper.paper_discovery import find_running
from engine.paper.paper_process import PaperProcess
from engine.trading_engine import TradingEngine
from engine.wire.hosts import Hosts
from tests.helpers.gateways import Gateways, gateways_closed_at_the_end
from tests.helpers.paper import PaperClient, paper_server


class Stranger(PaperClient):
    """Everything that is not us: the exchange's second account, or a program on our own."""

    def __init__(self, state_dir: Path, *, on_our_account: bool = False) -> None:
        ready = find_running(state_dir)
        assert ready is not None
        self.hosts = Hosts(rest=ready.rest, streams=ready.streams, ws_api=ready.ws_api)
        super().__init__(self, ready.accounts[0 if on_our_account else 1])  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def quiet_config() -> Config:
    return default_config().with_values(
        paper__quiet_market=True, paper__balance_usdt=50_000_000, paper__symbols=["BTCUSDT"]
    )


@pytest.fixture
def engine(tmp_path: Path, quiet_config: Config) -> Iterator[TradingEngine]:
    with TradingEngine.open("paper", config=quiet_config, user_data=tmp_path) as running:
        running.market.wait_for_price("BTCUSDT")
        yield running


@pytest.fixture
def stranger(engine: TradingEngine, tmp_path: Path) -> Stranger:
    return Stranger(tmp_path / "paper")


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    """A quiet exchange of the module's own, without an engine."""
    with paper_server(tmp_path_factory.mktemp("paper"), fresh=True) as process:
        yield process


@pytest.fixture
def gateways() -> Iterator[Gateways]:
    with gateways_closed_at_the_end() as made:
        yield made
