"""What the embedded paper exchange is asked for, and a start of it before anybody needs it."""

from __future__ import annotations

import logging
from pathlib import Path

from engine.config import Config, Environment
from engine.errors import PaperExchangeError
from engine.paper.paper_discovery import find_running
from engine.paper.paper_process import PaperOptions, PaperProcess

logger = logging.getLogger(__name__)


def paper_state_dir(user_data: Path) -> Path:
    """Where its account is kept between runs."""
    return user_data / "paper"


def paper_options(config: Config, user_data: Path) -> PaperOptions:
    return PaperOptions(
        seed=config["paper.seed"],
        symbols=config["paper.symbols"],
        balance=str(config["paper.balance_usdt"]),
        quiet_market=config["paper.quiet_market"],
        state_dir=paper_state_dir(user_data),
    )


def start_early(config: Config, environment: Environment, user_data: Path) -> None:
    """Launch it while the window's libraries still load; the engine then finds it started.

    Does nothing where another is traded on, or where one serves this account already
    (asking that blocks for up to a second). What fails here fails again, and is told,
    when the engine starts.
    """
    is_embedded = environment.hosts is None and environment.recording is None
    if not is_embedded or find_running(paper_state_dir(user_data)) is not None:
        return
    try:
        PaperProcess.launch_early(paper_options(config, user_data))
    except PaperExchangeError as error:
        logger.info("no early start: %s", error)
