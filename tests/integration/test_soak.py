"""The short form of `python -m tests.proofs soak`: one cut of each kind."""

from __future__ import annotations

import pytest

from tests.proofs import soak

pytestmark = pytest.mark.long


def test_every_stream_outlives_a_cut_and_a_silence_and_nothing_grows() -> None:
    figures = soak.run(duration_s=7.0, rate=500, cut_every_s=3.5)
    assert figures["all_streams_alive"], figures
    assert figures["threads_are_flat"], figures
    assert figures["memory_is_flat"], figures
    assert figures["no_errors"], figures
    assert figures["cuts"] == 2
    assert figures["reconnects"] >= 6, "each of three routes lost its connection twice"
