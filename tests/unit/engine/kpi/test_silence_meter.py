"""The longest silence of each stream."""

from engine.kpi.silence_meter import SilenceMeter


def test_the_longest_of_all_silences_counts():
    meter = SilenceMeter(["a"], 100.0)
    for at_s in (101.0, 104.0, 105.0):
        meter.heard("a", at_s)
    assert meter.longest_s("a", 105.5) == 3.0


def test_the_present_silence_counts_too():
    meter = SilenceMeter(["a"], 100.0)
    meter.heard("a", 101.0)
    assert meter.longest_s("a", 150.0) == 49.0


def test_who_was_never_heard_is_silent_since_the_beginning():
    meter = SilenceMeter(["a", "b"], 100.0)
    meter.heard("a", 101.0)
    assert meter.longest_s("b", 130.0) == 30.0
    assert meter.unheard_since(0.0) == ["b"]


def test_only_what_came_after_the_moment_is_heard_since():
    meter = SilenceMeter(["a", "b"], 100.0)
    meter.heard("a", 101.0)
    meter.heard("b", 103.0)
    assert meter.unheard_since(102.0) == ["a"]
    assert meter.unheard_since(103.0) == ["a", "b"]
