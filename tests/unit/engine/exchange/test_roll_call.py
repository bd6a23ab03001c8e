from __future__ import annotations

from engine.exchange.roll_call import RollCall


def test_the_first_call_is_a_while_after_the_connection() -> None:
    call = RollCall(15.0, 60.0)
    assert not call.is_due(100.0)
    assert not call.is_due(114.9)
    assert call.is_due(115.0)


def test_who_does_not_answer_is_asked_less_and_less_often() -> None:
    call = RollCall(15.0, 60.0)
    call.is_due(0.0)
    now_s = 15.0
    for pause_s in (30.0, 60.0, 60.0):
        assert call.is_due(now_s)
        call.held(now_s, all_answered=False)
        assert not call.is_due(now_s + pause_s - 0.1)
        now_s += pause_s
    call.held(now_s, all_answered=True)
    assert call.is_due(now_s + 15.0)


def test_a_new_connection_starts_anew() -> None:
    call = RollCall(15.0, 60.0)
    call.is_due(0.0)
    call.held(15.0, all_answered=False)
    call.restart()
    assert not call.is_due(100.0)
    assert call.is_due(115.0)
