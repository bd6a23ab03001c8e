"""Orders that a plan placed, not a hand. Pure."""

from __future__ import annotations

from engine.commands import AmendOrder, CancelOrder, Command, PlaceOrder


def is_asked_by_a_plan(command: Command) -> bool:
    """A plan names its requests after the order; a hand's request never bears that name."""
    return (
        isinstance(command, PlaceOrder | AmendOrder | CancelOrder)
        and bool(command.request_id)
        and command.request_id == command.client_order_id
    )
