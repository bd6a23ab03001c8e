"""Faults inside the venue: hidden orders, fills that win the race, spent keys and limits.

Pure but for what the venue itself writes. One thread only.
"""

from __future__ import annotations

import msgspec

from engine.errors import VenueError
from engine.paper.fault_script import Target
from engine.paper.faults import FaultBook, Play
from engine.paper.paper_auth import Params
from engine.paper.paper_call import Call
from engine.paper.paper_order_requests import find_order
from engine.paper.paper_orders import PaperOrder
from engine.paper.paper_refusals import refusal
from engine.paper.paper_venue import PaperVenue
from engine.wire.endpoints import Endpoint

_ASKS_FOR_ONE = frozenset({"query_order", "open_order"})
_CANCEL = ("DELETE", "/fapi/v1/order")


class HiddenOrder(msgspec.Struct, frozen=True):
    account_id: str
    symbol: str
    order_id: int
    until_ms: int
    play: Play


class VenueFaults:
    """Reaches into one venue for the rules of one book."""

    def __init__(self, book: FaultBook, venue: PaperVenue) -> None:
        self._book = book
        self._venue = venue
        self._hidden: list[HiddenOrder] = []

    # who

    def account_of_key(self, api_key: str | None) -> str:
        """Empty for no key or an unknown one."""
        try:
            return self._venue.keys.find(api_key).account_id
        except VenueError:
            return ""

    def account_of_listen_key(self, listen_key: str) -> str:
        for account in self._venue.exchange.accounts.values():
            if account.books.listen_key == listen_key:
                return account.account_id
        return ""

    # deeds

    def do(self, play: Play) -> None:
        if play.fault == "listen_key_expired":
            for account_id in self._venue.exchange.accounts:
                if play["account"] in ("all", account_id):
                    self._venue.expire_listen_key(account_id)
        elif play.fault == "trigger_refused":
            for account_id in self._venue.exchange.accounts:
                if play["account"] in ("all", account_id):
                    self._venue.algos.refuse_next_trigger(account_id)
        elif play.fault == "limits_nearly_full":
            self._venue.fill_limits(play["weight_left"], play["orders_left"])

    def hide_order(self, play: Play, target: Target, body: bytes) -> None:
        """Have the order of an accepted request be unknown for a while."""
        answer = msgspec.json.decode(body)
        placed = answer.get("result", answer) if isinstance(answer, dict) else {}
        if not isinstance(placed, dict) or "orderId" not in placed:
            self._book.note(play, target, "nothing was placed that could be hidden")
            return
        until_ms = self._venue.now_ms() + round(play["seconds"] * 1000)
        self._hidden.append(
            HiddenOrder(target.account, placed["symbol"], placed["orderId"], until_ms, play)
        )
        self._venue.screen = self._screen

    def _screen(self, endpoint: Endpoint, call: Call) -> None:
        """Raises VenueError -2013 for a hidden order."""
        self._hidden = [hidden for hidden in self._hidden if hidden.until_ms > call.now_ms]
        if not self._hidden:
            self._venue.screen = None
        if endpoint.name not in _ASKS_FOR_ONE or call.caller is None:
            return
        order = find_order(call, call.market())
        for hidden in self._hidden:
            if order is not None and (hidden.account_id, hidden.symbol, hidden.order_id) == (
                order.account_id,
                order.symbol,
                order.order_id,
            ):
                self._book.note(hidden.play, _target_of(endpoint, order), "answered -2013")
                raise refusal(-2013)

    def fill_before_cancel(self, play: Play, target: Target, params: Params) -> None:
        """Trade with the order that is about to be cancelled, past whoever stands before it."""
        venue, now_ms = self._venue, self._venue.now_ms()
        order = self._to_be_cancelled(target, params)
        if order is None:
            self._book.note(play, target, "there was no open order to fill")
            return
        steps = max(1, int(order.remaining_steps * play["share"]))
        filled = venue.exchange.matching.fill_alone(order, steps, now_ms)
        venue.commit(now_ms)
        self._book.note(play, target, f"filled {filled} of {order.qty_steps} steps")

    def _to_be_cancelled(self, target: Target, params: Params) -> PaperOrder | None:
        account = self._venue.exchange.accounts.get(target.account)
        if account is None or (target.method, target.path) != _CANCEL:
            return None
        order_id = params.get("orderId", "")
        if order_id.isdecimal():
            order = account.orders.get((target.symbol, int(order_id)))
        else:
            key = (target.symbol, params.get("origClientOrderId", ""))
            order = account.last_by_client_id.get(key)
        return order if order is not None and order.is_open else None


def _target_of(endpoint: Endpoint, order: PaperOrder) -> Target:
    return Target(
        method=endpoint.method,
        path=endpoint.path,
        account=order.account_id,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )
