import logging

from engine.event_hub import EventHub
from engine.events import Alert, BookTicker, Event, HealthReport
from engine.trading_types import AlertLevel
from engine.utils.mailbox import Mailbox


def alert(sentence: str) -> Alert:
    return Alert(level=AlertLevel.INFO, code="test", sentence=sentence, at_ms=1)


def ticker(bid: float) -> BookTicker:
    return BookTicker(
        symbol="BTCUSDT", update_id=1, bid_price=bid, bid_quantity=1, ask_price=9, ask_quantity=1
    )


def test_alerts_are_kept_and_prices_conflated():
    hub = EventHub()
    box: Mailbox[Event] = hub.attach(Mailbox())
    for event in (ticker(1.0), alert("a"), ticker(2.0), alert("b")):
        hub.publish(event)
    assert box.drain() == [alert("a"), alert("b"), ticker(2.0)]


def test_a_mailbox_can_ask_for_some_types_only_and_leave():
    hub = EventHub()
    box: Mailbox[Event] = hub.attach(Mailbox(), types=[Alert])
    hub.publish(ticker(1.0))
    hub.publish(alert("a"))
    assert box.drain() == [alert("a")]
    hub.detach(box)
    hub.publish(alert("b"))
    assert box.drain() == []


def test_a_listener_that_raises_stops_nobody(caplog):
    hub = EventHub()
    heard: list[str] = []

    def broken(event: Alert) -> None:
        raise ValueError("broken listener")

    hub.listen(Alert, broken)
    stop = hub.listen(Alert, lambda event: heard.append(event.sentence))
    with caplog.at_level(logging.ERROR):
        hub.publish(alert("a"))
    stop()
    hub.publish(alert("b"))
    assert heard == ["a"]
    assert "broken listener" in caplog.text


def test_every_event_says_its_lane():
    report = HealthReport(
        order_rtt_p50_ms=None, order_rtt_p99_ms=None, clock_offset_ms=None, clock_error_ms=None,
        weight_used=0, weight_limit=0, orders_used=0, orders_limit=0, messages_per_s=0.0,
        last_data_age_s={}, decode_errors=0,
    )  # fmt: skip
    assert report.latest_key() == "health"
    assert alert("a").latest_key() is None
