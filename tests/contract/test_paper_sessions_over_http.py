"""Random sessions over real sockets: events and REST agree, through kills as well."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from tests.proofs.http_driver import HttpDriver, HttpVenue
from tests.proofs.paper_machine import Driver, PaperMachine
from tests.proofs.paper_sessions import run_lot


class HttpMachine(PaperMachine):
    venue: ClassVar[HttpVenue]

    def make_driver(self, seed: int, living: bool) -> Driver:
        return HttpDriver(self.venue)


@pytest.mark.long
def test_random_sessions_over_http_keep_every_promise(tmp_path: Path) -> None:
    HttpMachine.venue = HttpVenue(tmp_path)
    try:
        run_lot(HttpMachine, 3, sessions=2, steps=12)
    finally:
        HttpMachine.venue.stop()
