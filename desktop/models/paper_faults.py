"""The faults that a person can play on the paper exchange, each in plain words. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.paper_commands import KillPaper, PaperCommand, PlayFault, RestartPaper

_ORDER = "/fapi/v1/order"
_ACCOUNT = "first"  # ours, at an exchange that this program starts


class FaultAmount(msgspec.Struct, frozen=True, kw_only=True):
    """The one number that a fault may have."""

    unit: str
    usual: int
    lowest: int
    highest: int


class FaultCard(msgspec.Struct, frozen=True, kw_only=True):
    """`does` is what the exchange will do, `see` what the window then shows."""

    key: str
    title: str
    does: str
    see: str
    command: Callable[[int], PaperCommand]
    amount: FaultAmount | None = None


class FaultGroup(msgspec.Struct, frozen=True):
    title: str
    cards: tuple[FaultCard, ...]


_SECONDS = FaultAmount(unit="s", usual=10, lowest=1, highest=600)
_MILLISECONDS = FaultAmount(unit="ms", usual=2000, lowest=1, highest=600_000)
_UNKNOWN_SEE = "The order turns striped amber (unknown) and settles within seconds as what it is."


def _on_next_order(fault: str, **values: bool | float | str) -> Callable[[int], PaperCommand]:
    """On the next new order, amend or cancel, by REST or by the order socket."""
    return lambda _amount: PlayFault(
        fault=fault, values=values, when={"path": _ORDER, "account": _ACCOUNT}
    )


def _on_next_event(fault: str) -> Callable[[int], PaperCommand]:
    when: dict[str, int | float | str] = {"event": "ORDER_TRADE_UPDATE", "account": _ACCOUNT}
    return lambda _amount: PlayFault(fault=fault, when=when)


FAULT_GROUPS: tuple[FaultGroup, ...] = (
    FaultGroup(
        "The line",
        (
            FaultCard(
                key="cut",
                title="Cut the line",
                does="Every connection ends, and none is taken for so long.",
                see="All streams turn red, prices grey. Back within seconds of the end, with the"
                " gap closed.",
                command=lambda s: PlayFault(fault="line_cut", when={"for_s": s}),
                amount=_SECONDS,
            ),
            FaultCard(
                key="silence",
                title="Half-open silence",
                does="The connections stay open, but nothing comes any more: no data, no answer.",
                see="'No answer' after about two seconds; replaced after about seven.",
                command=lambda _: PlayFault(fault="half_open"),
            ),
            FaultCard(
                key="listenKey",
                title="Expire the listen key",
                does="The key of the account's stream ends now.",
                see="The private stream reconnects at once with a new key; no fill is lost.",
                command=lambda _: PlayFault(
                    fault="listen_key_expired", values={"account": _ACCOUNT}
                ),
            ),
            FaultCard(
                key="day",
                title="End of the day",
                does="All streams are closed, as the exchange does after 24 hours.",
                see="They reconnect, and what happened meanwhile is read.",
                command=lambda _: PlayFault(fault="day_over"),
            ),
        ),
    ),
    FaultGroup(
        "The next order's answer",
        (
            FaultCard(
                key="lostAfter",
                title="Lose the answer, done",
                does="Your next order, change or cancel is carried out; its answer never comes.",
                see=_UNKNOWN_SEE,
                command=_on_next_order("reply_lost", acted=True),
            ),
            FaultCard(
                key="lostBefore",
                title="Lose the answer, not done",
                does="Your next order, change or cancel is not carried out, and no answer comes.",
                see="The order turns striped amber, then ends: it never reached the exchange.",
                command=_on_next_order("reply_lost", acted=False),
            ),
            FaultCard(
                key="late",
                title="Late answer",
                does="The next answer comes so much later.",
                see="The order stays hollow (in flight) for so long.",
                command=lambda ms: PlayFault(
                    fault="reply_late",
                    values={"ms": ms},
                    when={"path": _ORDER, "account": _ACCOUNT},
                ),
                amount=_MILLISECONDS,
            ),
            FaultCard(
                key="unknown503",
                title="503 unknown, done",
                does="The next answer is 503 'Unknown error', although it was carried out.",
                see=_UNKNOWN_SEE,
                command=_on_next_order("unknown_503", acted=True),
            ),
            FaultCard(
                key="unknown503Not",
                title="503 unknown, not done",
                does="The next answer is 503 'Unknown error', and it was not carried out.",
                see="The order turns striped amber, then ends: it never reached the exchange.",
                command=_on_next_order("unknown_503", acted=False),
            ),
            FaultCard(
                key="unavailable503",
                title="503 unavailable",
                does="The next answer is 503 'Service Unavailable': surely not carried out.",
                see="It is tried again by itself, and usually stands a moment later.",
                command=_on_next_order("unavailable_503"),
            ),
            FaultCard(
                key="throttled503",
                title="503 overloaded",
                does="The next answer is 503 with code -1008: surely not carried out.",
                see="It is tried again by itself after a pause.",
                command=_on_next_order("throttled_503"),
            ),
        ),
    ),
    FaultGroup(
        "Limits and time",
        (
            FaultCard(
                key="limit429",
                title="Too many requests (429)",
                does="The next request is refused with the wish to wait for so long.",
                see="A brake with a countdown in the status bar; nothing is sent before its end.",
                command=lambda s: PlayFault(fault="rate_limited_429", values={"retry_after_s": s}),
                amount=_SECONDS,
            ),
            FaultCard(
                key="ban418",
                title="Ban me (418)",
                does="The next request is answered with a ban of so long.",
                see="A brake with a countdown; streams go on, orders wait or are refused in words.",
                command=lambda s: PlayFault(fault="banned_418", values={"retry_after_s": s}),
                amount=_SECONDS,
            ),
            FaultCard(
                key="skew",
                title="Clock skew",
                does="The exchange's clock goes so much ahead of yours, for a minute.",
                see="One order may be refused for its time; then the offset is measured anew.",
                command=lambda ms: PlayFault(
                    fault="clock_skew", values={"ms": ms}, when={"for_s": 60}
                ),
                amount=FaultAmount(unit="ms", usual=8000, lowest=1, highest=600_000),
            ),
        ),
    ),
    FaultGroup(
        "The next event of an order",
        (
            FaultCard(
                key="drop",
                title="Drop it",
                does="The next event about an order of yours is never sent.",
                see="The difference is found, by the stream's watch or by the account's audit.",
                command=_on_next_event("event_dropped"),
            ),
            FaultCard(
                key="duplicate",
                title="Send it twice",
                does="The next event about an order of yours comes twice.",
                see="Nothing: the second one is known and dropped. No fill counts twice.",
                command=_on_next_event("event_duplicated"),
            ),
            FaultCard(
                key="delay",
                title="Delay it",
                does="The next event comes so much later, and later ones overtake it.",
                see="The order moves on late, and never backwards.",
                command=lambda ms: PlayFault(
                    fault="event_delayed",
                    values={"ms": ms},
                    when={"event": "ORDER_TRADE_UPDATE", "account": _ACCOUNT},
                ),
                amount=_MILLISECONDS,
            ),
        ),
    ),
    FaultGroup(
        "The exchange itself",
        (
            FaultCard(
                key="restart",
                title="Restart it",
                does="The exchange ends and starts again; account and orders are kept.",
                see="All streams turn red for some seconds, then everything is read anew.",
                command=lambda _: RestartPaper(),
            ),
            FaultCard(
                key="kill",
                title="Kill it",
                does="The exchange dies at once and stays away until you restart it.",
                see="All streams red; orders are refused in words. Restart it: nothing that was"
                " confirmed is lost.",
                command=lambda _: KillPaper(),
            ),
        ),
    ),
)


def fault_title(fault: str) -> str:
    """The exchange's name of a fault as its card calls it; what two cards share of theirs."""
    titles = [
        card.title
        for group in FAULT_GROUPS
        for card in group.cards
        if isinstance(command := card.command(1), PlayFault) and command.fault == fault
    ]
    if len(titles) > 1:
        return titles[0].partition(",")[0]
    return titles[0] if titles else fault.replace("_", " ")
