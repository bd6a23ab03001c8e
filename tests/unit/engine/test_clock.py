import threading

from engine.clock import FakeClock, SystemClock


def test_a_fake_clock_moves_only_by_hand():
    clock = FakeClock(now_ms=1_000)
    before = clock.monotonic()
    clock.advance(2.5)
    assert clock.now_ms() == 3_500
    assert clock.monotonic() - before == 2.5


def test_a_wall_clock_jump_leaves_durations_alone():
    clock = FakeClock(now_ms=0)
    before = clock.monotonic()
    clock.jump_wall_clock(3600)
    assert clock.now_ms() == 3_600_000
    assert clock.monotonic() == before


def test_waiting_on_a_fake_clock_ends_by_time_or_by_event():
    clock, event, results = FakeClock(), threading.Event(), []
    waiter = threading.Thread(target=lambda: results.append(clock.wait(event, 10)))
    waiter.start()
    clock.advance(11)
    waiter.join(5)
    event.set()
    results.append(clock.wait(event, 10))
    assert results == [False, True]


def test_the_system_clock_agrees_with_itself():
    clock = SystemClock()
    assert clock.now_ms() > 1_700_000_000_000
    assert clock.monotonic() <= clock.monotonic()
    event = threading.Event()
    event.set()
    assert clock.wait(event, 0)
