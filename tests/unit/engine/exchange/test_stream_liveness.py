from __future__ import annotations

from engine.exchange.stream_liveness import StreamLiveness, StreamSettings, Verdict

SETTINGS = StreamSettings(
    ping_interval_s=20, pong_timeout_s=10, first_data_s=10, silence_s=15, patience_max_s=60
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
    assert liveness.check(19.9, expects_data=False) is Verdict.ALIVE
    assert liveness.check(20.0, expects_data=False) is Verdict.PING
    liveness.ping_sent(20.0)
    assert liveness.check(29.9, expects_data=False) is Verdict.ALIVE
    assert liveness.check(30.0, expects_data=False) is Verdict.NO_PONG


def test_a_pong_starts_the_next_interval() -> None:
    liveness = _connected()
    liveness.ping_sent(20.0)
    liveness.pong(21.0)
    assert liveness.check(40.9, expects_data=False) is Verdict.ALIVE
    assert liveness.check(41.0, expects_data=False) is Verdict.PING


def test_data_answers_a_ping_as_well_as_a_pong_does() -> None:
    liveness = _connected()
    liveness.ping_sent(20.0)
    liveness.data(25.0)
    assert liveness.check(31.0, expects_data=False) is Verdict.ALIVE


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
