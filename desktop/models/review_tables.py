"""The tables of a review: groups, round trips, orders, and both sides of a tie-out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from PySide6.QtCore import QObject

from desktop.formatting import (
    DASH,
    average_price_text,
    grouped,
    local_date_time_text,
    quantity_text,
    signed,
)
from desktop.models.order_cells import side_cell
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from engine.market.instruments import Instrument
from engine.review_views import (
    OrderQuality,
    ReviewedTrip,
    TieOutDifference,
    TieOutLine,
    TripGroup,
    trip_key,
)
from engine.trading_types import Side
from engine.utils.decimals import plain

SHOWN = 5_000
_MONEY = "-123,456.00"
_PRICE = "12,345.000000"
_TIME = "0000-00-00 00:00:00"


class TripsModel(TableModel[ReviewedTrip]):
    """Newest first; a trip's key is what its note is kept by."""

    def __init__(
        self, instruments: Mapping[str, Instrument], parent: QObject | None = None
    ) -> None:
        self._instruments = instruments
        super().__init__(
            [
                Column("Closed", _closed, sample=_TIME, is_time=True),
                Column("Symbol", lambda one: Cell(one.trip.symbol), sample="DOGEUSDT"),
                Column("Side", _side, sample="Short"),
                Column("Quantity", self._quantity, numeric=True, sample="12,345.000"),
                Column("Entry", self._entry, numeric=True, sample=_PRICE),
                Column("Exit", self._exit, numeric=True, sample=_PRICE),
                Column("Net", _net, numeric=True, sample=_MONEY),
                Column("Fees", _fees, numeric=True, sample="1,234.00"),
                Column("Held", _held, numeric=True, sample="12 d 23 h"),
                Column("Tags", _tags, sample="breakout, news"),
                Column("Note", lambda one: Cell(" ".join(one.note.split()), tip=one.note)),
            ],
            newest_first=True,
            parent=parent,
        )

    def show(self, trips: Sequence[ReviewedTrip]) -> None:
        """The newest `SHOWN`, so that the window stays smooth; figures and CSV have all."""
        self.clear()
        self.put_new({trip_key(one.trip): one for one in trips[-SHOWN:]})

    def _quantity(self, one: ReviewedTrip) -> Cell:
        trip = one.trip
        text = quantity_text(trip.quantity, self._instruments.get(trip.symbol))
        return Cell(text, sort=trip.quantity)

    def _entry(self, one: ReviewedTrip) -> Cell:
        return self._price(one, one.trip.entry_price)

    def _exit(self, one: ReviewedTrip) -> Cell:
        return self._price(one, one.trip.exit_price)

    def _price(self, one: ReviewedTrip, price: Decimal) -> Cell:
        text = average_price_text(price, self._instruments.get(one.trip.symbol))
        return Cell(text, sort=price)


class GroupsModel(TableModel[TripGroup]):
    """Trips by symbol, side, hour, weekday or tag."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            [
                Column("Group", lambda g: Cell(g.key), sample="DOGEUSDT"),
                Column("Trips", lambda g: _count(g.figures.trips), numeric=True, sample="12,345"),
                Column("Won", lambda g: _count(g.figures.wins), numeric=True, sample="12,345"),
                Column("Lost", lambda g: _count(g.figures.losses), numeric=True, sample="12,345"),
                Column("Win rate", _win_rate, numeric=True, sample="100.0 %"),
                Column("Net", _group(lambda g: g.figures.net), numeric=True, sample=_MONEY),
                Column(
                    "By trip", _group(lambda g: g.figures.expectancy), numeric=True, sample=_MONEY
                ),
                Column(
                    "Avg. win", _group(lambda g: g.figures.average_win), numeric=True, sample=_MONEY
                ),
                Column(
                    "Avg. loss",
                    _group(lambda g: g.figures.average_loss),
                    numeric=True,
                    sample=_MONEY,
                ),
                Column(
                    "Fees", lambda g: _plain_money(g.figures.fees), numeric=True, sample="1,234.00"
                ),
                Column("Funding", _group(lambda g: g.funding), numeric=True, sample=_MONEY),
            ],
            parent=parent,
        )

    def show(self, groups: Iterable[TripGroup]) -> None:
        self.clear()
        self.put_new({group.key: group for group in groups})


class QualityModel(TableModel[OrderQuality]):
    """Our own orders: price against the click, and latencies; what is not known is a dash."""

    def __init__(
        self, instruments: Mapping[str, Instrument], parent: QObject | None = None
    ) -> None:
        self._instruments = instruments
        super().__init__(
            [
                Column("Sent", _sent, sample=_TIME, is_time=True),
                Column("Symbol", lambda o: Cell(o.execution.symbol), sample="DOGEUSDT"),
                Column("Side", lambda o: side_cell(o.execution.side), sample="SELL"),
                Column("Type", lambda o: Cell(str(o.execution.type)), sample="MARKET"),
                Column("Filled", self._quantity, numeric=True, sample="12,345.000"),
                Column("At the click", self._arrival, numeric=True, sample=_PRICE),
                Column("Average", self._average, numeric=True, sample=_PRICE),
                Column("Slippage", _slippage, numeric=True, sample=_MONEY),
                Column("bps", _bps, numeric=True, sample="-123.0"),
                Column(
                    "Acknowledged", lambda o: _ms(o.execution.ack_ms), numeric=True, sample="123 ms"
                ),
                Column(
                    "All filled", lambda o: _ms(o.execution.fill_ms), numeric=True, sample="123 ms"
                ),
            ],
            newest_first=True,
            parent=parent,
        )

    def show(self, orders: Sequence[OrderQuality]) -> None:
        """The newest `SHOWN`."""
        self.clear()
        newest = orders[-SHOWN:]
        self.put_new({(o.execution.symbol, o.execution.client_order_id): o for o in newest})

    def _quantity(self, order: OrderQuality) -> Cell:
        instrument = self._instruments.get(order.execution.symbol)
        return Cell(quantity_text(order.quantity, instrument), sort=order.quantity)

    def _arrival(self, order: OrderQuality) -> Cell:
        return self._price(order, order.arrival_price)

    def _average(self, order: OrderQuality) -> Cell:
        return self._price(order, order.average_price)

    def _price(self, order: OrderQuality, price: Decimal | None) -> Cell:
        instrument = self._instruments.get(order.execution.symbol)
        return Cell(average_price_text(price or Decimal(0), instrument), sort=price or 0)


class TieOutLinesModel(TableModel[TieOutLine]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            [
                Column("Kind", lambda one: Cell(one.kind), sample="COMMISSION_REBATE"),
                Column("Asset", lambda one: Cell(one.asset), sample="USDT"),
                Column("Exchange", lambda one: _exact(one.venue), numeric=True, sample=_EXACT),
                Column("Journal", lambda one: _exact(one.journal), numeric=True, sample=_EXACT),
                Column("Difference", _line_difference, numeric=True, sample=_EXACT),
                Column("Bookings", lambda one: _count(one.venue_rows), numeric=True, sample="123"),
            ],
            parent=parent,
        )

    def show(self, lines: Iterable[TieOutLine]) -> None:
        self.clear()
        self.put_new({(line.kind, line.asset): line for line in lines})


class DifferencesModel(TableModel[TieOutDifference]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            [
                Column("Time", _difference_time, sample=_TIME, is_time=True),
                Column("Kind", lambda one: Cell(one.kind), sample="REALIZED_PNL"),
                Column("Symbol", lambda one: Cell(one.symbol), sample="DOGEUSDT"),
                Column("Trade", lambda one: Cell(one.trade_id), numeric=True, sample="1234567890"),
                Column("Exchange", lambda one: _exact(one.venue), numeric=True, sample=_EXACT),
                Column("Journal", lambda one: _exact(one.journal), numeric=True, sample=_EXACT),
                Column("Asset", lambda one: Cell(one.asset), sample="USDT"),
            ],
            parent=parent,
        )

    def show(self, differences: Iterable[TieOutDifference]) -> None:
        self.clear()
        self.put_new(dict(enumerate(differences)))


_EXACT = "-1,234,567.12345678"


def money_cell(amount: Decimal | None) -> Cell:
    """With its sign, green above zero and red below; a dash when it is not known."""
    if amount is None:
        return Cell(DASH, palette.TEXT_FAINT, sort=0)
    return Cell(signed(amount, 2), palette.signed_colour(amount), sort=amount)


def duration_text(span_ms: int) -> str:
    """45 s, 12 m 30 s, 3 h 20 m, 2 d 5 h"""
    seconds = span_ms // 1000
    for size, unit, smaller, small_unit in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "m"),
        (60, "m", 1, "s"),
    ):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // smaller} {small_unit}"
    return f"{seconds} s"


def _closed(one: ReviewedTrip) -> Cell:
    at_ms = one.trip.closed_ms
    tip = f"Opened {local_date_time_text(one.trip.opened_ms)}"
    return Cell(local_date_time_text(at_ms), palette.TEXT_DIM, tip=tip, sort=at_ms)


def _side(one: ReviewedTrip) -> Cell:
    is_long = one.trip.side is Side.BUY
    return Cell("Long" if is_long else "Short", palette.BUY if is_long else palette.SELL)


def _net(one: ReviewedTrip) -> Cell:
    others = "".join(f", {plain(fee)} {asset}" for asset, fee in one.trip.other_fees.items())
    tip = f"By the exchange {signed(one.trip.venue_pnl, 2)} before fees{others}"
    return money_cell(one.trip.net)._replace(tip=tip)


def _fees(one: ReviewedTrip) -> Cell:
    return _plain_money(one.trip.fees)


def _plain_money(amount: Decimal) -> Cell:
    return Cell(grouped(amount, 2), palette.TEXT_DIM, sort=amount)


def _held(one: ReviewedTrip) -> Cell:
    span_ms = one.trip.closed_ms - one.trip.opened_ms
    return Cell(duration_text(span_ms), palette.TEXT_DIM, sort=span_ms)


def _tags(one: ReviewedTrip) -> Cell:
    return Cell(", ".join(one.tags), palette.ACCENT)


def _count(number: int) -> Cell:
    return Cell(f"{number:,}", sort=number)


def _win_rate(group: TripGroup) -> Cell:
    rate = group.figures.win_rate_pct
    return Cell(DASH if rate is None else f"{rate:.1f} %", sort=rate or 0)


def _group(amount: Callable[[TripGroup], Decimal | None]) -> Callable[[TripGroup], Cell]:
    return lambda group: money_cell(amount(group))


def _sent(order: OrderQuality) -> Cell:
    at_ms = order.execution.at_ms
    return Cell(local_date_time_text(at_ms), palette.TEXT_DIM, sort=at_ms)


def _slippage(order: OrderQuality) -> Cell:
    """Above zero it cost something: red, whatever its sign says elsewhere."""
    if order.slippage is None:
        return money_cell(None)
    colour = palette.signed_colour(-order.slippage)
    return Cell(signed(order.slippage, 2), colour, sort=order.slippage)


def _bps(order: OrderQuality) -> Cell:
    if order.slippage_bps is None:
        return money_cell(None)
    return Cell(signed(order.slippage_bps, 1), palette.TEXT_DIM, sort=order.slippage_bps)


def _ms(latency_ms: float | None) -> Cell:
    if latency_ms is None:
        return Cell(DASH, palette.TEXT_FAINT, sort=-1.0)
    return Cell(f"{latency_ms:,.1f} ms", sort=latency_ms)


def _exact(amount: Decimal | None) -> Cell:
    if amount is None:
        return Cell("missing", palette.WARNING, sort=0)
    return Cell(plain(amount), sort=amount)


def _line_difference(line: TieOutLine) -> Cell:
    difference = line.venue - line.journal
    return Cell(plain(difference), palette.ERROR if difference else palette.OK, sort=difference)


def _difference_time(one: TieOutDifference) -> Cell:
    return Cell(local_date_time_text(one.time_ms), palette.TEXT_DIM, sort=one.time_ms)
