"""One paper exchange for all contract tests, in its own process on any free port."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.paper.paper_process import PaperProcess
from tests.helpers.paper import PaperClient, paper_server


@pytest.fixture(scope="session")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    folder = tmp_path_factory.mktemp("paper")
    with paper_server(
        folder, fresh=True, unlimited=True, verify=True, balance="1000000"
    ) as process:
        yield process


@pytest.fixture
def client(paper: PaperProcess) -> Iterator[PaperClient]:
    """The first account, flat before and after."""
    client = PaperClient(paper)
    yield client
    client.clean()


@pytest.fixture
def other(paper: PaperProcess) -> Iterator[PaperClient]:
    """The second account, flat before and after."""
    client = PaperClient(paper, paper.accounts[1])
    yield client
    client.clean()
