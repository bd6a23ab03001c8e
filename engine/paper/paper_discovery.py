"""Finding the paper exchange that already serves this user's account.

Two programs on one account (the window and a script) must meet on one exchange,
or each would overwrite the other's state. Who starts the exchange leaves its
ready line in a file beside the account; who comes later asks whether it answers.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from engine.paper.paper_process import ReadyLine

logger = logging.getLogger(__name__)

_PING_TIMEOUT_S = 1.0


def announcement_file(state_dir: Path) -> Path:
    return state_dir / "serving.json"


def announce(state_dir: Path, ready: ReadyLine) -> None:
    """Leave the ready line for others of the same user (the file is theirs alone)."""
    state_dir.mkdir(parents=True, exist_ok=True)
    file = announcement_file(state_dir)
    partial = file.with_suffix(".part")
    partial.write_bytes(msgspec.json.encode(ready))
    if os.name == "posix":
        partial.chmod(0o600)
    partial.replace(file)


def withdraw(state_dir: Path) -> None:
    with contextlib.suppress(OSError):
        announcement_file(state_dir).unlink(missing_ok=True)


def find_running(state_dir: Path) -> ReadyLine | None:
    """The exchange that serves this account now, or None. Blocks for up to a second."""
    try:
        ready = msgspec.json.decode(announcement_file(state_dir).read_bytes(), type=ReadyLine)
    except (OSError, msgspec.MsgspecError):
        return None
    return ready if _answers(ready) else None


def _answers(ready: ReadyLine) -> bool:
    """Is it there, and does it know our key? Another program may have the port by now."""
    import http.client  # noqa: PLC0415 - nearly always nobody is to be asked

    address = urlsplit(ready.rest)
    connection = http.client.HTTPConnection(
        address.hostname or "127.0.0.1", address.port, timeout=_PING_TIMEOUT_S
    )
    try:
        connection.request("POST", "/fapi/v1/listenKey", headers={"X-MBX-APIKEY": ready.api_key})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
