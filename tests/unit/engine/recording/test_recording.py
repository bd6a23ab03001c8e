"""What a recording is made of: secrets taken out, lines to and from events, files and parts."""

from __future__ import annotations

import gzip
import os
from decimal import Decimal
from pathlib import Path

import pytest

from engine.clock import FakeClock
from engine.commands import CancelOrder
from engine.event_hub import EventHub
from engine.events import (
    CandlesLoaded,
    CommandDone,
    Event,
    FillRecorded,
    HealthReport,
    HistoryLoaded,
    OrderChanged,
    UnknownMessage,
)
from engine.recording.record import Happened, Head, Heard, Lost, event_of, event_record
from engine.recording.recorder import Recorder
from engine.recording.recording_files import (
    RecordingError,
    RecordingReader,
    RecordingWriter,
    make_room,
)
from engine.recording.scrubber import Scrubber
from engine.trading_types import OrderStatus, OrderType, Route, Side, StreamState
from engine.views import Candle, FillView, OrderView

D = Decimal
KEY = "k" * 64


def head(**changes: object) -> Head:
    values = {
        "at_ms": 1_790_000_000_000,
        "version": 1,
        "program": "0",
        "environment": "paper",
        "symbol": "BTCUSDT",
        "interval": "1m",
        "part": 1,
        "instruments": {},
    }
    return Head(**{**values, **changes})  # type: ignore[arg-type]


def order(**changes: object) -> OrderView:
    values = {
        "client_order_id": "a",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "status": OrderStatus.NEW,
        "price": D("60000.10"),
        "orig_qty": D("0.100"),
    }
    return OrderView(**{**values, **changes})  # type: ignore[arg-type]


FILL = FillView(
    symbol="BTCUSDT",
    trade_id=1,
    order_id=2,
    client_order_id="a",
    side=Side.SELL,
    price=D("1.10"),
    quantity=D(2),
)
CANDLE = Candle(
    open_ms=1, close_ms=2, open=1.0, high=2.0, low=0.5, close=1.5, volume=3.0, quote_volume=4.0
)
EVENTS = [
    OrderChanged(order=order()),
    OrderChanged(order=order(type="MYSTERY", order_id=2**60)),
    FillRecorded(fill=FILL),
    HistoryLoaded(orders=(order(),), fills=(FILL,)),
    CandlesLoaded(request_id="", symbol="BTCUSDT", interval="1m", candles=(CANDLE,)),
    CommandDone(command=CancelOrder(symbol="BTCUSDT", client_order_id="a"), sentence="Done."),
    UnknownMessage(raw=b"\xff{", reason="no JSON"),
    HealthReport(
        order_rtt_p50_ms=None,
        order_rtt_p99_ms=1.5,
        clock_offset_ms=None,
        clock_error_ms=None,
        weight_used=1,
        weight_limit=2,
        orders_used=3,
        orders_limit=4,
        messages_per_s=5.0,
        last_data_age_s={"public": 0.5},
        decode_errors=0,
        route_states={"public": StreamState.LIVE},
    ),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    assert event_of(event_record(event, 1)) == event


def test_an_event_of_another_version_is_left_out() -> None:
    assert event_of(Happened(at_ms=1, name="Earthquake", data={})) is None
    assert event_of(Happened(at_ms=1, name="OrderChanged", data={"order": 3})) is None
    wrong = {"command": {"name": "Quake", "data": {}}, "sentence": ""}
    assert event_of(Happened(at_ms=1, name="CommandDone", data=wrong)) is None


@pytest.mark.parametrize(
    "text",
    [
        f'{{"listenKey":"{KEY}"}}',
        f'{{"e":"x","signature" : "{KEY}"}}',
        f"wss://host/private/ws?listenKey={KEY}&events=a",
        f"POST /fapi/v1/order?symbol=A&signature={KEY}",
        f'{{"apiKey":"{KEY}","a":1}}',
    ],
)
def test_what_stands_where_secrets_stand_is_taken_out(text: str) -> None:
    scrubber = Scrubber([])
    assert KEY not in scrubber.clean(text)
    assert KEY not in scrubber.clean(f"later, somewhere else: {KEY}")


def test_secrets_that_are_known_are_taken_out_anywhere_and_ordinary_words_stay() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI\n-----END PRIVATE KEY-----"
    scrubber = Scrubber([KEY, pem, "short"])
    assert scrubber.clean(f"{KEY} and MC4CAQAwBQYDK2VwBCIEI") == "*** and ***"
    assert scrubber.clean("a short word") == "a short word"


def test_a_session_is_cut_into_parts_that_are_read_as_one(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, head(), part_bytes=300)
    first = writer.file
    line = b'{"k":"in","t":1790000000001,"route":"public","text":"%06d"}\n'
    began = [writer.write(line % number) for number in range(12)]
    writer.close()
    assert sum(began) >= 1
    assert len(list(tmp_path.iterdir())) == sum(began) + 1
    reader = RecordingReader(first)
    texts = [record.text for record in reader.records() if isinstance(record, Heard)]
    assert texts == [f"{number:06d}" for number in range(12)]
    assert reader.share_read == 1
    second = first.with_name(first.name.replace(".jsonl.gz", "-part2.jsonl.gz"))
    assert RecordingReader(second).head.part == 2


def test_the_oldest_recordings_go_when_there_is_no_room(tmp_path: Path) -> None:
    for number in range(4):
        file = tmp_path / f"{number}.jsonl.gz"
        file.write_bytes(b"x" * 100)

        os.utime(file, (number, number))
    make_room(tmp_path, 250)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["2.jsonl.gz", "3.jsonl.gz"]


def test_a_recording_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, head(version=99))
    writer.close()
    with pytest.raises(RecordingError, match="newer"):
        RecordingReader(writer.file)


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    in_the_way = tmp_path / "recordings"
    in_the_way.write_text("a file", encoding="utf-8")
    with pytest.raises(RecordingError, match="cannot be written"):
        RecordingWriter(in_the_way, head())


def make_recorder(folder: Path, hub: EventHub, ends: list[str], **more: int) -> Recorder:
    return Recorder(
        folder, head(), secrets=[KEY], hub=hub, clock=FakeClock(), on_end=ends.append, **more
    )


def test_everything_before_the_stop_is_written_and_nothing_after_it(tmp_path: Path) -> None:
    hub, ends = EventHub(), []
    recorder = make_recorder(tmp_path, hub, ends)
    recorder.heard(Route.PRIVATE, [b'{"e":"listenKeyExpired","listenKey":"' + KEY.encode() + b'"}'])
    recorder.said(Route.PUBLIC, "SUBSCRIBE")
    recorder.called("create_listen_key", {"a": None}, 200, f'{{"x":"{KEY}"}}'.encode(), 1.0)
    recorder.asked(CancelOrder(symbol="BTCUSDT", client_order_id="a"))
    hub.publish(OrderChanged(order=order()))
    assert recorder.stop(30)
    hub.publish(OrderChanged(order=order(client_order_id="late")))
    text = gzip.decompress(recorder.file.read_bytes()).decode("utf-8")
    assert KEY not in text
    assert text.count("\n") == 6
    assert "late" not in text
    assert not ends


def test_market_frames_are_counted_when_the_disk_is_slow_and_the_accounts_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.recording.recorder._MOST_WAITING", -1)
    recorder = make_recorder(tmp_path, EventHub(), [])
    recorder.heard(Route.PUBLIC, [b"{}", b"{}"])
    recorder.heard(Route.PRIVATE, [b"{}"])
    recorder.stop(30)
    records = list(RecordingReader(recorder.file).records())
    assert [r.frames for r in records if isinstance(r, Lost)] == [2]
    assert [r.route for r in records if isinstance(r, Heard)] == ["private"]


def test_a_disk_that_refuses_ends_the_recording_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: object, _lines: bytes) -> bool:
        raise RecordingError("The recording x cannot be written: No space left on device.")

    monkeypatch.setattr(RecordingWriter, "write", full)
    hub, ends = EventHub(), []
    recorder = make_recorder(tmp_path, hub, ends)
    recorder.said(Route.PUBLIC, "SUBSCRIBE")
    recorder.stop(30)
    assert ends == ["The recording x cannot be written: No space left on device."]
