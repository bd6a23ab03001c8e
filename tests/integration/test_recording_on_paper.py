"""A session on a real paper exchange is recorded, holds no secret, and plays the same again."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from engine.commands import CancelOrder, LoadCandles, PlaceOrder
from engine.config import Config
from engine.events import (
    BookView,
    CandlesLoaded,
    CommandRefused,
    EngineStateChanged,
    Event,
    MarkPrice,
    OrderChanged,
    PositionChanged,
)
from engine.events.recording import PlaybackChanged, RecordingChanged
from engine.recording.player import RecordingPlayer
from engine.recording.recording_files import RecordingError
from engine.recording_commands import SetPlayback, StartRecording, StopRecording
from engine.trading_engine import TradingEngine
from engine.trading_types import OrderStatus, OrderType, Side
from engine.utils.mailbox import Mailbox
from tests.helpers.waiting import wait_until

D = Decimal
_PATIENCE_S = 40.0


class Heard:
    def __init__(self, hub) -> None:
        self._box: Mailbox[Event] = hub.attach(Mailbox())
        self._events: list[Event] = []

    def of(self, kind):
        self._events += self._box.drain()
        return [event for event in self._events if isinstance(event, kind)]

    def wait(self, kind, condition=lambda _: True):
        wait_until(lambda: any(condition(e) for e in self.of(kind)), _PATIENCE_S, kind.__name__)
        return next(e for e in self.of(kind) if condition(e))


def record_a_session(folder: Path, config: Config, **values: object) -> tuple[Path, list[str]]:
    """An order that rests and is cancelled, one that fills; the file and the secrets of it."""
    config = config.with_values(**values)
    with TradingEngine.open("paper", config=config, user_data=folder) as engine:
        heard = Heard(engine.hub)
        engine.market.wait_for_price("BTCUSDT")
        engine.submit(StartRecording())
        begun = heard.wait(RecordingChanged)
        heard.wait(CandlesLoaded)
        heard.wait(BookView, lambda book: book.is_synced)
        resting = PlaceOrder(
            symbol="BTCUSDT",
            side=Side.BUY,
            type=OrderType.LIMIT,
            quantity=D("0.1"),
            price=D("60000"),
            client_order_id="resting1",
        )
        engine.submit(resting)
        heard.wait(OrderChanged, lambda e: e.order.status is OrderStatus.NEW)
        engine.submit(CancelOrder(symbol="BTCUSDT", client_order_id="resting1"))
        heard.wait(OrderChanged, lambda e: e.order.status is OrderStatus.CANCELED)
        engine.oms.submit_order("BTCUSDT", "BUY", "MARKET", "0.1")
        heard.wait(PositionChanged, lambda e: e.position.quantity == D("0.1"))
        engine.gateway.recycle_streams("a new listen key goes over the wire")
        heard.wait(MarkPrice)
        credentials = engine._built.venue.credentials
        secrets = [credentials.api_key, credentials.api_secret.reveal()]
        secrets.append(engine.gateway._user_stream._key)  # type: ignore[attr-defined]
        engine.submit(StopRecording())
        heard.wait(RecordingChanged, lambda change: not change.is_on)
    return Path(begun.file), secrets


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, quiet_config: Config):
    return record_a_session(tmp_path_factory.mktemp("session"), quiet_config)


def test_no_secret_is_in_a_recording(session) -> None:
    file, secrets = session
    text = gzip.decompress(file.read_bytes()).decode("utf-8")
    assert all(len(secret) > 20 for secret in secrets)
    for secret in secrets:
        assert secret not in text
    assert "signature=" not in text
    assert '"signature"' not in text


def test_both_directions_are_in_a_recording(session) -> None:
    file, _ = session
    text = gzip.decompress(file.read_bytes()).decode("utf-8")
    for kind in ('"k":"in"', '"k":"call"', '"k":"command"', '"k":"event"'):
        assert kind in text
    assert '"name":"new_order"' in text or "place" in text
    assert "resting1" in text
    assert "ORDER_TRADE_UPDATE" in text


def test_a_recording_plays_the_same_orders_positions_and_book(session) -> None:
    file, _ = session
    player = RecordingPlayer(file)
    heard = Heard(player.hub)
    assert "BTCUSDT" in player.instruments
    player.start()
    player.submit(SetPlayback(speed=100))
    end = heard.wait(PlaybackChanged, lambda change: change.playback.is_finished).playback
    assert end.share_read == 1
    assert end.first_ms < end.position_ms <= end.last_ms
    statuses = [
        e.order.status for e in heard.of(OrderChanged) if e.order.client_order_id == "resting1"
    ]
    assert statuses[-1] is OrderStatus.CANCELED
    assert OrderStatus.NEW in statuses
    assert heard.of(PositionChanged)[-1].position.quantity == D("0.1")
    book = heard.of(BookView)[-1]
    assert book.bids[0][0] < book.asks[0][0]
    assert heard.of(MarkPrice)
    assert heard.of(EngineStateChanged)
    player.submit(LoadCandles(request_id="mine", symbol="BTCUSDT", interval="1m"))
    assert heard.wait(CandlesLoaded, lambda e: e.request_id == "mine").candles
    player.stop()


def test_nothing_can_be_sent_from_a_recording(session) -> None:
    file, _ = session
    player = RecordingPlayer(file)
    heard = Heard(player.hub)
    order = PlaceOrder(symbol="BTCUSDT", side=Side.BUY, type=OrderType.MARKET, quantity=D("0.1"))
    player.submit(order)
    assert heard.wait(CommandRefused).command is order
    player.submit(SetPlayback(speed=1000))
    assert heard.wait(CommandRefused, lambda e: e.field == "speed")
    player.stop()


def test_a_recording_is_paused_and_hurried_forward_and_never_back(session) -> None:
    file, _ = session
    player = RecordingPlayer(file)
    heard = Heard(player.hub)
    player.submit(SetPlayback(is_paused=True))
    player.start()
    known = heard.wait(PlaybackChanged, lambda c: c.playback.share_read == 1).playback
    assert known.is_paused
    player.submit(SetPlayback(position_ms=known.last_ms))
    heard.wait(PlaybackChanged, lambda change: change.playback.is_finished)
    player.submit(SetPlayback(position_ms=known.first_ms))
    assert "forward only" in heard.wait(CommandRefused).sentence
    player.stop()


def test_a_recording_cut_off_by_a_crash_plays_to_where_it_was_cut(session, tmp_path: Path) -> None:
    file, _ = session
    cut = tmp_path / file.name
    cut.write_bytes(file.read_bytes()[:-200])
    player = RecordingPlayer(cut)
    heard = Heard(player.hub)
    player.start()
    player.submit(SetPlayback(position_ms=2**50))
    heard.wait(PlaybackChanged, lambda change: change.playback.is_finished)
    assert heard.of(OrderChanged)
    player.stop()


def test_what_is_no_recording_is_refused_in_words(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl.gz"
    with pytest.raises(RecordingError, match="no recording"):
        RecordingPlayer(wrong)
    wrong.write_text("hello", encoding="utf-8")
    with pytest.raises(RecordingError, match="not a recording"):
        RecordingPlayer(wrong)
