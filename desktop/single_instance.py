"""One window for one data folder: a second start shows the first window and ends.

Two programs on one journal would both manage the same orders. The first one
listens on a local socket whose name is made from the folder; what a crash left
behind of it is cleared away. GUI thread only.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

logger = logging.getLogger(__name__)

_CONNECT_MS = 500


class SingleInstance(QObject):
    """`is_first` says whether this process may go on; `second_start` tells of another."""

    second_start = Signal()

    def __init__(self, user_data: Path) -> None:
        super().__init__()
        self._name = _socket_name(user_data)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)
        self.is_first = not self._tell_first()
        if self.is_first:
            self._listen()

    def close(self) -> None:
        self._server.close()

    def _tell_first(self) -> bool:
        """Whether another process answered."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        answered = socket.waitForConnected(_CONNECT_MS)
        socket.abort()
        return answered

    def _listen(self) -> None:
        if self._server.listen(self._name):
            return
        # nobody answered, so what is in the way is a dead process's file
        QLocalServer.removeServer(self._name)
        if not self._server.listen(self._name):
            # better two windows than none
            logger.warning("a second start will not be noticed: %s", self._server.errorString())

    @Slot()
    def _on_connection(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.abort()
            socket.deleteLater()
            self.second_start.emit()


def _socket_name(user_data: Path) -> str:
    folder = str(user_data.resolve()).encode("utf-8")
    return f"perpdesk-{hashlib.sha256(folder).hexdigest()[:16]}"
