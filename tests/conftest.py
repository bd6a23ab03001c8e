"""What every test gets: no screen, no thread left behind, no key of the person's own."""

from __future__ import annotations

import os
from collections.abc import Iterator

# before anything imports Qt
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_SCALE_FACTOR", "1")

import pytest

from tests.helpers.leaks import assert_no_new_threads, running_threads


@pytest.fixture(autouse=True)
def _no_thread_is_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    # servers shared by many tests start before the first look at the threads
    for name in ("paper",):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    before = running_threads()
    yield
    assert_no_new_threads(before)


@pytest.fixture(autouse=True)
def _no_keys_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERPDESK_API_KEY", raising=False)
    monkeypatch.delenv("PERPDESK_API_SECRET", raising=False)
