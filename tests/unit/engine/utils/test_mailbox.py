import threading

from engine.utils.mailbox import Mailbox


def test_lossless_items_keep_their_order_and_latest_values_replace_each_other():
    box: Mailbox[str] = Mailbox()
    box.put("order 1")
    box.put("price 1", key="BTC")
    box.put("order 2")
    box.put("price 2", key="BTC")
    box.put("price 9", key="ETH")
    assert box.drain() == ["order 1", "order 2", "price 2", "price 9"]
    assert box.drain() == []


def test_one_wake_up_serves_a_batch():
    woken = []
    box: Mailbox[int] = Mailbox(on_wake=lambda: woken.append(len(box)))
    for number in range(5):
        box.put(number)
    assert woken == [1]
    box.drain()
    box.put(6)
    assert woken == [1, 1]


def test_a_reader_that_waits_is_woken_by_close():
    box: Mailbox[int] = Mailbox()
    seen = threading.Event()
    reader = threading.Thread(target=lambda: seen.set() if box.wait(60) else None)
    reader.start()
    box.close()
    reader.join(30)
    assert seen.is_set()
    assert box.is_closed


def test_a_closed_box_takes_nothing_more():
    box: Mailbox[int] = Mailbox()
    box.put(1)
    box.close()
    box.put(2)
    assert box.drain() == [1]


def test_nothing_is_lost_between_many_writers_and_one_reader():
    box: Mailbox[tuple[int, int]] = Mailbox()
    writers = [
        threading.Thread(target=lambda w=w: [box.put((w, n)) for n in range(2000)])
        for w in range(4)
    ]
    got: list[tuple[int, int]] = []
    for writer in writers:
        writer.start()
    while len(got) < 8000 and box.wait(30):
        got.extend(box.drain())
    for writer in writers:
        writer.join()
    assert [n for w, n in got if w == 2] == list(range(2000))
    assert len(got) == 8000
