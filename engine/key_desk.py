"""Answers what a person asks about API keys, whether or not an engine could be built.

A key store may ask for a password and a check asks the exchange, so all of it
happens on the thread `keys`, where nothing else waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from engine.clock import Clock
from engine.commands import Command
from engine.config import Config
from engine.credentials import (
    has_key_store,
    keep_credentials,
    place_of,
    remove_credentials,
)
from engine.errors import BadInput, CredentialsError, PerpdeskError
from engine.events import CommandRefused, Event
from engine.events.keys import KeyPlace, KeysChecked, KeysListed
from engine.key_commands import CheckKeys, KeepKeys, KeyCommand, ListKeys, RemoveKeys
from engine.secret import Credentials
from engine.utils.task_queue import TaskQueue
from engine.utils.threads import CrashHandler
from engine.wire.hosts import Hosts

logger = logging.getLogger(__name__)


class KeyDesk:
    """`submit` may be called from any thread and never waits; the thread starts with it."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        publish: Callable[[Event], None],
        on_crash: CrashHandler,
    ) -> None:
        self._config = config
        self._clock = clock
        self._publish = publish
        self._queue = TaskQueue("keys", on_crash)
        self._is_started = False
        self._usable: dict[str, Credentials] = {}  # `keys` thread: the last that were checked

    def submit(self, command: KeyCommand) -> None:
        """Raises ShuttingDown when the engine is closing."""
        if not self._is_started:
            self._is_started = True
            self._queue.start()
        self._queue.submit(lambda: self._answer(command), lambda: self._refuse_closing(command))

    def stop(self, timeout_s: float) -> bool:
        return self._queue.stop(timeout_s) if self._is_started else True

    def _answer(self, command: KeyCommand) -> None:
        try:
            self._carry_out(command)
        except PerpdeskError as error:
            self._refuse(command, str(error))

    def _carry_out(self, command: KeyCommand) -> None:
        match command:
            case CheckKeys():
                self._check(command)
            case KeepKeys():
                self._keep(command)
            case RemoveKeys():
                self._remove(command)
            case ListKeys():
                self._list(command.request_id)

    def _refuse_closing(self, command: KeyCommand) -> None:
        self._refuse(command, "Perpdesk is closing.")

    def _refuse(self, command: KeyCommand, sentence: str) -> None:
        """Without the command's own contents: a secret travels one way only."""
        asked = Command(request_id=command.request_id)
        self._publish(CommandRefused(command=asked, sentence=sentence))

    def _check(self, command: CheckKeys) -> None:
        hosts = self._hosts(command.environment)
        self._usable.pop(command.environment, None)
        # loaded here: nobody needs the exchange's library before the first window is painted
        from engine.exchange.rest_client import RestSettings  # noqa: PLC0415
        from engine.keys_check import check_keys  # noqa: PLC0415

        settings = RestSettings(
            connect_timeout_s=self._config["network.connect_timeout_s"],
            read_timeout_s=self._config["network.read_timeout_s"],
            recv_window_ms=self._config["exchange.recv_window_ms"],
            proxy=self._config["network.proxy"],
        )
        checked = KeysChecked(
            request_id=command.request_id,
            environment=command.environment,
            findings=check_keys(hosts, command.credentials, self._clock, settings),
        )
        logger.info("keys checked environment=%s usable=%s", checked.environment, checked.is_usable)
        if checked.is_usable:
            self._usable[command.environment] = command.credentials
        self._publish(checked)

    def _keep(self, command: KeepKeys) -> None:
        name = command.environment
        credentials = self._usable.get(name)
        if credentials is None:
            raise BadInput("keys", "Only keys that were tried and found good are kept.")
        keep_credentials(name, credentials, session_only=command.session_only)
        del self._usable[name]
        logger.info("keys kept environment=%s session_only=%s", name, command.session_only)
        where = "until Perpdesk closes" if command.session_only else "in the system's key store"
        self._list(command.request_id, f"The keys for {name} are kept {where}.")

    def _remove(self, command: RemoveKeys) -> None:
        remove_credentials(command.environment)
        logger.info("keys removed environment=%s", command.environment)
        sentence = (
            f"The keys for {command.environment} are gone from here. At the exchange they are"
            " valid until you delete them there."
        )
        self._list(command.request_id, sentence)

    def _list(self, request_id: str, sentence: str = "") -> None:
        places: dict[str, KeyPlace] = {}
        has_store = has_key_store()
        for name in self._config.environment_names():
            if self._config.environment(name).hosts is None:
                continue
            try:
                places[name] = place_of(name)
            except CredentialsError as error:
                # a locked or broken store: keys for this session can still be given
                logger.warning("keys not listed environment=%s reason=%s", name, error)
                places[name], has_store = KeyPlace.NOWHERE, False
        self._publish(
            KeysListed(request_id=request_id, places=places, has_store=has_store, sentence=sentence)
        )

    def _hosts(self, name: str) -> Hosts:
        hosts = self._config.environment(name).hosts
        if hosts is None:
            raise BadInput("environment", "The paper exchange needs no keys: it makes its own.")
        return hosts
