import threading

from engine.utils.threads import StoppableThread


def test_a_crash_is_told_with_the_thread_name():
    told: list[tuple[str, str]] = []
    crashed = threading.Event()

    def body(stop: threading.Event) -> None:
        raise ValueError("broken")

    def on_crash(name: str, error: BaseException) -> None:
        told.append((name, str(error)))
        crashed.set()

    thread = StoppableThread("ws-test", body, on_crash)
    thread.start()
    assert crashed.wait(30)
    assert thread.join(30)
    assert told == [("ws-test", "broken")]


def test_a_body_ends_when_asked():
    thread = StoppableThread("idle-test", lambda stop: stop.wait(300) and None)
    thread.start()
    assert thread.is_alive
    thread.request_stop()
    assert thread.join(30)


def test_a_thread_that_never_ran_can_be_joined():
    assert StoppableThread("never", lambda stop: None).join(0)
