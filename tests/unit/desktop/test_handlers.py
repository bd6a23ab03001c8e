"""Several parts of the window hear of one event, in turn."""

from __future__ import annotations

from desktop.handlers import in_turn
from engine.events import Event, ThreadCrashed


def test_all_that_name_an_event_hear_of_it_in_order() -> None:
    heard: list[str] = []
    table = in_turn(
        {ThreadCrashed: lambda _e: heard.append("first"), Event: lambda _e: heard.append("alone")},
        {ThreadCrashed: lambda _e: heard.append("second")},
    )
    table[ThreadCrashed](ThreadCrashed(thread="x", sentence="y"))
    table[Event](Event())
    assert heard == ["first", "second", "alone"]
