import threading

import pytest

from engine.errors import ShuttingDown
from engine.utils.task_queue import TaskQueue


def test_tasks_run_in_order_on_the_named_thread():
    queue = TaskQueue("orders-test")
    done = threading.Event()
    seen: list[tuple[int, str]] = []
    queue.start()
    for number in range(3):
        queue.submit(lambda n=number: seen.append((n, threading.current_thread().name)))
    queue.submit(done.set)
    assert done.wait(30)
    assert queue.stop(30)
    assert seen == [(0, "orders-test"), (1, "orders-test"), (2, "orders-test")]


def test_a_failing_task_is_published_and_the_next_one_runs():
    crashes: list[tuple[str, str]] = []
    queue = TaskQueue("q-test", lambda name, error: crashes.append((name, str(error))))
    done = threading.Event()
    queue.start()
    queue.submit(lambda: int("x"))
    queue.submit(done.set)
    assert done.wait(30)
    queue.stop(30)
    assert crashes[0][0] == "q-test"
    assert "invalid literal" in crashes[0][1]


def test_waiting_tasks_are_dropped_with_a_word_at_stop():
    queue = TaskQueue("q-test")
    entered, release = threading.Event(), threading.Event()
    dropped: list[str] = []
    queue.start()
    queue.submit(lambda: (entered.set(), release.wait(30)))
    assert entered.wait(30)
    queue.submit(lambda: dropped.append("ran"), lambda: dropped.append("dropped"))
    stopper = threading.Thread(target=queue.stop, args=(5,))
    stopper.start()
    release.set()
    stopper.join(30)
    assert dropped == ["dropped"]
    with pytest.raises(ShuttingDown):
        queue.submit(lambda: None)
