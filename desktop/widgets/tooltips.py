"""What each control is for, and its key, where the control has not said so itself.

In one place, so that all of it can be read and compared with the guide.
"""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

TIPS = {
    "header.symbol": "Which contract all panels show. Up and Down choose",
    "watch.search": "Type a part of a symbol; Enter shows the first that is found",
    "watch.search.clear": "Show every symbol again",
    "palette.input": "buy 0.1 btc 64000 post · close eth 50% · cancel btc. Enter sends, Esc leaves",
    "orderTicket.type": "How the order trades. Left and Right choose",
    "orderTicket.problem.fix": "Puts in the value that would be right",
    "orderTicket.triggerType": "What the order waits for, and what it becomes then",
    "orderTicket.workingType": "Which price must reach the trigger: the last trade or the mark",
    "orderTicket.trigger": "The order waits at the exchange until this price. Up and Down step",
    "orderTicket.price": "The worst price you accept. Up and Down step, with Shift ten",
    "orderTicket.callback": "How far the price must turn from its best, in percent: 0.1 to 20",
    "orderTicket.quantity": "How much; the box beside says of what. Up and Down step",
    "orderTicket.unit": "The coin, its worth, a share of your equity, or the loss at the stop",
    "orderTicket.share.25": "A quarter of what your balance allows at this leverage",
    "orderTicket.share.50": "Half of what your balance allows at this leverage",
    "orderTicket.share.75": "Three quarters of what your balance allows at this leverage",
    "orderTicket.share.100": "All that your balance allows at this leverage",
    "orderTicket.stop": "Closes the position at market when the price goes against you",
    "orderTicket.target": "Closes the position at market when the price goes your way",
    "orderTicket.timeInForce": (
        "GTC rests until cancelled, IOC trades what it can at once, FOK all at once or nothing"
    ),
    "blotter.tabs": "Ctrl+Tab goes to the next table",
    "blotter.filter": "Show only rows in which every word stands",
    "blotter.filter.clear": "Show every row again",
}


def explain_all(window: QWidget) -> None:
    """Once, when everything is made; what a control says of itself stays."""
    for name, tip in TIPS.items():
        for control in window.findChildren(QWidget, name):
            if not control.toolTip():
                control.setToolTip(tip)
