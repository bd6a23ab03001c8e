"""A private network namespace, whose only link can really be taken down (Linux).

The command runs itself once more below `unshare --net`: then nothing but the KPI's
own paper exchange hangs on that loopback link. Needs util-linux, iproute2, and
either root or unprivileged user namespaces.
"""

from __future__ import annotations

import logging
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.errors import BugError, NotConnected
from engine.utils.paths import is_frozen, program_dir

logger = logging.getLogger(__name__)

_OUTER = "PERPDESK_KPI_OUTER_NAMESPACE"
_PROBE_TIMEOUT_S = 10.0


def is_inside() -> bool:
    """Whether we run in a namespace of our own: never trust the variable alone."""
    outer, here = os.environ.get(_OUTER, ""), _namespace()
    return bool(outer and here) and outer != here


def enter_command(arguments: Sequence[str]) -> list[str] | None:
    """What runs `perpdesk-cli arguments` in a namespace of its own; None: not possible here.

    Blocks for a moment: it is tried first.
    """
    unshare, ip = shutil.which("unshare"), _ip()
    if platform.system() != "Linux" or is_frozen() or not unshare or not ip or not _namespace():
        return None
    # the link goes down and up once, so that a system that forbids it is found out here
    script = f'{ip} link set lo down && {ip} link set lo up && exec "$@"'
    for user in ([], ["--user", "--map-root-user"]):  # as root, or as anyone who may
        shell = [unshare, *user, "--net", "sh", "-c", script, "sh"]
        if _works([*shell, "true"]):
            return [*shell, sys.executable, "-m", "engine", *arguments]
    return None


def enter_environment() -> dict[str, str]:
    """The child's variables: where it came from, and our package on its path."""
    path = os.pathsep.join(filter(None, [str(program_dir()), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, _OUTER: _namespace(), "PYTHONPATH": path}


class LinkCut:
    """The whole loopback link of the namespace: packets are lost both ways, no one is told."""

    how = "the venue's network link was taken down (ip link set lo down, in its own namespace)"
    reaches_venue = False

    def begin(self) -> None:
        self._set("down")

    def end(self) -> None:
        self._set("up")

    def _set(self, state: str) -> None:
        if not is_inside():
            raise BugError("The computer's own loopback link is never touched.")
        try:
            subprocess.run([_ip(), "link", "set", "lo", state], check=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise NotConnected(f"The link could not be set {state}: {error}.") from error


def _works(command: list[str]) -> bool:
    try:
        tried = subprocess.run(  # noqa: S603 - fixed words
            command, capture_output=True, timeout=_PROBE_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.info("no private network namespace: %s", error)
        return False
    if tried.returncode != 0:
        logger.info("no private network namespace: %s", tried.stderr.decode(errors="replace"))
    return tried.returncode == 0


def _ip() -> str:
    return shutil.which("ip") or shutil.which("ip", path="/usr/sbin:/sbin") or ""


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/net").readlink())
    except OSError:
        return ""
