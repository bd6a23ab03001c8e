"""The key that opens an account's user data stream: one per account, an hour long."""

from __future__ import annotations

import secrets

from engine.paper.paper_account import PaperAccount
from engine.paper.paper_refusals import refusal

LISTEN_KEY_LIFE_MS = 3_600_000
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class ListenKeys:
    """Kept in the accounts' books, so that they outlive a restart of the server."""

    def __init__(self, accounts: list[PaperAccount], life_ms: int = LISTEN_KEY_LIFE_MS) -> None:
        self._accounts = accounts
        self._life_ms = life_ms

    def open(self, account: PaperAccount, now_ms: int) -> str:
        """The living key, its life renewed, or a new one."""
        books = account.books
        if not books.listen_key:
            books.listen_key = "".join(secrets.choice(_ALPHABET) for _ in range(64))
        books.listen_key_until_ms = now_ms + self._life_ms
        return books.listen_key

    def renew(self, account: PaperAccount, now_ms: int) -> str:
        """Raises VenueError -1125 when there is none."""
        if not account.books.listen_key:
            raise refusal(-1125)
        return self.open(account, now_ms)

    @staticmethod
    def close(account: PaperAccount) -> str:
        """Forget the key; which one it was, empty if none."""
        key, account.books.listen_key = account.books.listen_key, ""
        return key

    def expired(self, now_ms: int) -> list[PaperAccount]:
        """Accounts whose key has run out since the last call; `close` them."""
        return [
            account
            for account in self._accounts
            if account.books.listen_key and account.books.listen_key_until_ms <= now_ms
        ]
