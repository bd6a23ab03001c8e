from __future__ import annotations

import pytest

from engine.exchange.stream_liveness import StreamLiveness, StreamSettings, Verdict

SETTINGS = StreamSettings(
    ping_interval_s=20,
    quiet_ping_interval_s=2,
    doubt_s=1,
    pong_timeout_s=6,
    news_s=5,
    first_data_s=10,
    silence_s=15,
    patience_max_s=60,
)


def _connected(now_s: float = 0.0) -> StreamLiveness:
    liveness = StreamLiveness(SETTINGS)
    liveness.connected(now_s)
    return liveness


def test_an_open_socket_without_data_is_silent_after_the_first_data_deadline() -> None:
    liveness = _connected()
    assert liveness.check(0.0, expects_data=True) is Verdict.ALIVE
    assert liveness.check(9.9, expects_data=True) is Verdict.ALIVE
    assert liveness.check(10.0, expects_data=True) is Verdict.SILENT


def test_pongs_do_not_make_up_for_data() -> None:
    liveness = _connected()
    liveness.check(0.0, expects_data=True)
    liveness.data(5.0)
    liveness.pong(19.0)
    assert liveness.check(20.0, expects_data=True) is Verdict.SILENT


def test_a_quiet_market_makes_it_patient_until_data_comes() -> None:
    liveness = _connected()
    liveness.check(0.0, expects_data=True)
    assert liveness.check(10.0, expects_data=True) is Verdict.SILENT
    liveness.connected(10.0)
    liveness.check(10.0, expects_data=True)
    assert liveness.check(29.9, expects_data=True) is Verdict.ALIVE
    assert liveness.check(30.0, expects_data=True) is Verdict.SILENT
    for _ in range(10):
        liveness.connected(30.0)
        liveness.check(30.0, expects_data=True)
        assert liveness.check(90.0, expects_data=True) is Verdict.SILENT  # never above the maximum
    liveness.connected(100.0)
    liveness.check(100.0, expects_data=True)
    liveness.data(100.0)
    assert liveness.check(115.0, expects_data=True) is Verdict.SILENT


def test_the_first_data_is_due_from_the_moment_something_is_wanted() -> None:
    liveness = _connected()
    liveness.pong(15.0)
    assert liveness.check(15.0, expects_data=False) is Verdict.ALIVE
    assert liveness.check(16.0, expects_data=True) is Verdict.ALIVE
    assert liveness.check(25.9, expects_data=True) is not Verdict.SILENT
    assert liveness.check(26.0, expects_data=True) is Verdict.SILENT


def test_wanting_again_after_a_pause_starts_a_new_deadline() -> None:
    liveness = _connected()
    liveness.check(0.0, expects_data=True)
    liveness.data(1.0)
    liveness.check(2.0, expects_data=False)
    assert liveness.check(100.0, expects_data=True) is not Verdict.SILENT


def test_a_resting_account_is_probed_by_ping_and_dropped_without_pong() -> None:
    liveness = _connected()
    assert liveness.check(1.9, expects_data=False) is Verdict.ALIVE
    assert liveness.check(2.0, expects_data=False) is Verdict.PING
    liveness.ping_sent(2.0)
    assert liveness.check(7.9, expects_data=False) is Verdict.ALIVE
    assert liveness.check(8.0, expects_data=False) is Verdict.NO_PONG


def test_a_flowing_market_is_pinged_rarely() -> None:
    liveness = _connected()
    liveness.check(0.0, expects_data=True)
    liveness.data(1.0)
    assert liveness.check(9.0, expects_data=True) is Verdict.ALIVE


def test_a_short_ping_interval_of_ones_own_holds_for_a_quiet_line_too() -> None:
    liveness = StreamLiveness(StreamSettings(ping_interval_s=0.5))
    liveness.connected(0.0)
    assert liveness.check(0.5, expects_data=False) is Verdict.PING


def test_a_pong_starts_the_next_interval() -> None:
    liveness = _connected()
    liveness.ping_sent(2.0)
    liveness.pong(3.0)
    assert liveness.check(4.9, expects_data=False) is Verdict.ALIVE
    assert liveness.check(5.0, expects_data=False) is Verdict.PING


def test_a_late_pong_is_doubted_long_before_the_connection_is_dropped() -> None:
    liveness = _connected()
    assert not liveness.is_doubted(2.0)
    liveness.ping_sent(2.0)
    assert not liveness.is_doubted(2.9)
    assert liveness.is_doubted(3.0)
    liveness.pong(3.5)
    assert not liveness.is_doubted(3.5)


def test_a_slow_line_is_not_doubted_for_being_slow() -> None:
    liveness = _connected()
    liveness.ping_sent(2.0)
    liveness.pong(4.0)  # answers take two seconds here
    liveness.ping_sent(6.0)
    assert not liveness.is_doubted(9.9)
    assert liveness.is_doubted(10.0)


def test_a_probe_asks_soon_also_where_data_flowed_until_now() -> None:
    liveness = _connected()
    liveness.check(0.0, expects_data=True)
    liveness.data(1.0)
    liveness.probe(1.1)
    assert liveness.check(1.3, expects_data=True) is Verdict.ALIVE
    assert liveness.check(1.35, expects_data=True) is Verdict.PING


@pytest.mark.parametrize("heard", ["data", "pong"])
def test_what_is_heard_at_once_answers_a_probe(heard: str) -> None:
    liveness = _connected()
    liveness.check(0.0, expects_data=True)
    liveness.probe(1.0)
    getattr(liveness, heard)(1.2)
    assert liveness.check(2.0, expects_data=True) is Verdict.ALIVE


def test_a_probe_while_a_ping_is_under_way_asks_nothing_more() -> None:
    liveness = _connected()
    liveness.ping_sent(2.0)
    liveness.probe(2.5)
    assert liveness.check(7.9, expects_data=False) is Verdict.ALIVE
    liveness.pong(7.9)
    assert liveness.check(8.0, expects_data=False) is Verdict.ALIVE


def test_an_answered_order_without_its_event_ends_the_connection_although_pongs_come() -> None:
    liveness = _connected()
    liveness.news_due(10.0)
    liveness.pong(14.0)
    assert liveness.check(14.9, expects_data=False) is Verdict.ALIVE
    liveness.pong(15.0)
    assert liveness.check(15.0, expects_data=False) is Verdict.NO_NEWS


@pytest.mark.parametrize("event_s", [8.1, 9.9, 10.0, 14.9])
def test_the_event_of_an_order_may_come_before_or_after_its_answer(event_s: float) -> None:
    liveness = _connected()
    if event_s < 10.0:
        liveness.data(event_s)
    liveness.news_due(10.0)
    if event_s >= 10.0:
        liveness.data(event_s)
    liveness.pong(15.0)
    assert liveness.check(15.0, expects_data=False) is Verdict.ALIVE


def test_many_answered_orders_do_not_postpone_the_verdict() -> None:
    liveness = _connected()
    for at_s in (10.0, 12.0, 14.0):
        liveness.news_due(at_s)
    liveness.pong(15.0)
    assert liveness.check(15.0, expects_data=False) is Verdict.NO_NEWS


def test_a_venue_that_never_tells_of_orders_is_not_left_for_each_of_them() -> None:
    liveness = _connected()
    liveness.news_due(0.0)
    assert liveness.check(5.0, expects_data=False) is Verdict.NO_NEWS
    liveness.connected(6.0)
    liveness.news_due(10.0)
    liveness.pong(19.9)
    assert liveness.check(19.9, expects_data=False) is Verdict.ALIVE
    liveness.pong(20.0)
    assert liveness.check(20.0, expects_data=False) is Verdict.NO_NEWS


def test_data_answers_a_ping_as_well_as_a_pong_does() -> None:
    liveness = _connected()
    liveness.ping_sent(2.0)
    liveness.data(7.0)
    assert liveness.check(8.5, expects_data=False) is Verdict.ALIVE


def test_a_connection_is_old_before_the_venue_drops_it() -> None:
    liveness = _connected()
    liveness.data(23 * 3600.0 - 1)
    assert liveness.check(23 * 3600.0, expects_data=False) is Verdict.OLD


def test_an_old_connection_that_could_not_be_replaced_is_old_again_later() -> None:
    liveness = _connected()
    liveness.data(23 * 3600.0 - 1)
    liveness.postpone_age(300.0)
    assert liveness.check(23 * 3600.0, expects_data=False) is Verdict.ALIVE
    liveness.data(23 * 3600.0 + 299)
    assert liveness.check(23 * 3600.0 + 300, expects_data=False) is Verdict.OLD
