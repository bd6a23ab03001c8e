from engine.utils.local_days import day_begin_ms, day_end_ms, day_of, days_later


def test_a_day_begins_and_ends_where_the_next_begins() -> None:
    begin_ms = day_begin_ms(" 2026-11-28 ")
    assert day_of(begin_ms) == "2026-11-28"
    assert day_of(begin_ms - 1) == "2026-11-27"
    assert day_end_ms("2026-11-28") == day_begin_ms("2026-11-29")


def test_what_is_no_day_is_none() -> None:
    for text in ("", "yesterday", "2026-02-30", "28.11.2026"):
        assert day_begin_ms(text) is None
        assert day_end_ms(text) is None


def test_days_later_crosses_months_and_years() -> None:
    assert days_later("2026-12-31", 1) == "2027-01-01"
    assert days_later("2026-03-01", -1) == "2026-02-28"
