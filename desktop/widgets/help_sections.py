"""Which section of the guide speaks of a panel: F1 opens it there."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

# by object name; the innermost widget with an entry decides
SECTIONS = {
    "environment": "Another environment",
    "environment.arm": "Placing an order",
    "header": "The window at a glance",
    "chart": "Changing and cancelling",
    "ladder": "Placing an order",
    "orderTicket": "Placing an order",
    "orderTicket.triggerType": "Stops and other conditional orders",
    "positions.table": "Positions",
    "orders.table": "Changing and cancelling",
    "blotter": "The tables",
    "watch": "The tables",
    "tape": "The window at a glance",
    "killSwitch": "Ending it all: KILL and flatten",
    "statusBar": "The status bar",
}


def section_of(widget: QWidget | None) -> str:
    """The heading for where the focus is; empty: from the beginning."""
    while widget is not None:
        if widget.objectName() in SECTIONS:
            return SECTIONS[widget.objectName()]
        widget = widget.parentWidget()
    return ""
