import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.events import DepthDiff
from engine.market.local_book import BookStep, LocalBook


def diff(first: int, last: int, previous: int, bids=(), asks=()) -> DepthDiff:
    return DepthDiff(
        symbol="BTCUSDT",
        event_ms=last,
        first_update_id=first,
        final_update_id=last,
        previous_final_update_id=previous,
        bids=msgspec.Raw(msgspec.json.encode(bids)),
        asks=msgspec.Raw(msgspec.json.encode(asks)),
    )


SNAPSHOT = (100, [("10.0", "1"), ("9.0", "2")], [("11.0", "3"), ("12.0", "4")])


def test_a_snapshot_and_its_first_change():
    book = LocalBook("BTCUSDT")
    assert book.on_diff(diff(95, 99, 90)) is BookStep.BUFFERED
    assert book.on_diff(diff(100, 105, 99, bids=[["10.0", "0"], ["9.5", "7"]])) is BookStep.BUFFERED
    assert book.on_snapshot(*SNAPSHOT) is BookStep.APPLIED
    view = book.view(5)
    assert view.bids == ((9.5, 7.0), (9.0, 2.0))
    assert view.asks == ((11.0, 3.0), (12.0, 4.0))
    assert view.is_synced
    assert book.last_update_id == 105


def test_a_missing_change_is_a_gap_and_the_book_says_so():
    book = LocalBook("BTCUSDT")
    book.on_snapshot(*SNAPSHOT)
    assert book.on_diff(diff(99, 103, 98)) is BookStep.APPLIED
    assert book.on_diff(diff(108, 110, 107)) is BookStep.GAP
    assert not book.view(5).is_synced
    assert book.gaps == 1
    assert book.on_diff(diff(111, 112, 110)) is BookStep.BUFFERED


def test_the_buffer_survives_a_snapshot_that_was_too_old():
    book = LocalBook("BTCUSDT")
    book.on_diff(diff(200, 205, 199, bids=[["9.7", "1"]]))
    assert book.on_snapshot(*SNAPSHOT) is BookStep.GAP
    assert book.on_snapshot(202, SNAPSHOT[1], SNAPSHOT[2]) is BookStep.APPLIED
    assert book.view(1).bids == ((10.0, 1.0),)
    assert book.last_update_id == 205


def test_a_change_older_than_the_snapshot_is_dropped():
    book = LocalBook("BTCUSDT")
    book.on_snapshot(*SNAPSHOT)
    assert book.on_diff(diff(90, 99, 89, bids=[["10.0", "0"]])) is BookStep.STALE
    assert book.view(1).bids == ((10.0, 1.0),)


def test_a_change_that_follows_the_snapshot_without_overlap_is_taken():
    book = LocalBook("BTCUSDT")
    book.on_snapshot(*SNAPSHOT)
    assert book.on_diff(diff(101, 104, 100, asks=[["11.0", "9"]])) is BookStep.APPLIED
    assert book.view(1).asks == ((11.0, 9.0),)


def test_removing_an_unknown_level_is_normal():
    book = LocalBook("BTCUSDT")
    book.on_snapshot(*SNAPSHOT)
    assert book.on_diff(diff(100, 101, 99, asks=[["55.0", "0"]])) is BookStep.APPLIED


def test_a_broken_connection_greys_the_book_and_forgets_the_chain():
    book = LocalBook("BTCUSDT")
    book.on_snapshot(*SNAPSHOT)
    book.reset()
    assert not book.is_synced
    assert book.view(1).bids == ((10.0, 1.0),)
    assert book.on_diff(diff(300, 301, 299)) is BookStep.BUFFERED


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(1, 8), st.integers(0, 3)), min_size=1, max_size=60
    ),
    st.integers(0, 60),
)
def test_whatever_the_moment_of_the_snapshot_the_book_ends_equal(changes, moment):
    venue: dict[bool, dict[str, str]] = {True: {}, False: {}}
    book, snapshot = LocalBook("BTCUSDT"), None
    for number, (is_bid, price, quantity) in enumerate(changes, start=1):
        if number - 1 == moment:
            snapshot = (number - 1, list(venue[True].items()), list(venue[False].items()))
        change = [[str(price), str(quantity)]]
        if quantity:
            venue[is_bid][str(price)] = str(quantity)
        else:
            venue[is_bid].pop(str(price), None)
        bids, asks = (change, []) if is_bid else ([], change)
        book.on_diff(diff(number, number, number - 1, bids, asks))
        if snapshot and number == min(moment + 3, len(changes)):
            assert book.on_snapshot(*snapshot) is BookStep.APPLIED
    if not book.is_synced:
        book.on_snapshot(len(changes), venue[True].items(), venue[False].items())
    view = book.view(20)
    assert dict(view.bids) == {float(p): float(q) for p, q in venue[True].items()}
    assert dict(view.asks) == {float(p): float(q) for p, q in venue[False].items()}
