"""Every table model keeps Qt's rules: filled, emptied, and seen through its sorting."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QAbstractItemModel, Qt
from pytestqt.modeltest import ModelTester

import desktop.models
import desktop.widgets
from desktop.models.review_tables import (
    DifferencesModel,
    GroupsModel,
    QualityModel,
    TieOutLinesModel,
    TripsModel,
)
from desktop.models.table_model import TableModel
from desktop.widgets.sorted_rows import SortedRows
from engine.events.review import ExecutionMeasured
from engine.review.review_loader import load_review
from engine.review_commands import LoadReview
from engine.review_views import Execution, Review
from engine.trading_types import OrderType
from tests.helpers.trade_history import (
    BEGIN_MS,
    a_missing_booking,
    a_tie_out_line,
    journal_of,
    random_fills,
)
from tests.unit.desktop.test_table_models import MAKERS, RULES

Maker = Callable[[Review], TableModel[Any]]


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Review:
    fills = [
        replace(one, time_ms=BEGIN_MS + one.trade_id * 9_000_000) for one in random_fills(60, 3)
    ]
    first = fills[0]
    execution = Execution(
        symbol=first.symbol,
        client_order_id=first.client_order_id,
        side=first.side,
        type=OrderType.MARKET,
        at_ms=first.time_ms,
        bid=first.price - 1,
        ask=first.price + 1,
        ack_ms=12.5,
        fill_ms=20.0,
    )
    file = tmp_path_factory.mktemp("review") / "j.db"
    reader = journal_of(file, fills, ExecutionMeasured(execution=execution))
    return load_review(reader, LoadReview(), lambda *_: None)


def _trips(review: Review) -> TripsModel:
    model = TripsModel(RULES)
    model.show(review.trips)
    return model


def _groups(review: Review) -> GroupsModel:
    model = GroupsModel()
    model.show(review.by_symbol)
    return model


def _quality(review: Review) -> QualityModel:
    model = QualityModel(RULES)
    model.show(review.orders)
    return model


def _lines(_review: Review) -> TieOutLinesModel:
    model = TieOutLinesModel()
    model.show([a_tie_out_line()])
    return model


def _differences(_review: Review) -> DifferencesModel:
    model = DifferencesModel()
    model.show([a_missing_booking()])
    return model


def _made_by(make: Callable[[], TableModel[Any]]) -> Maker:
    return lambda _review: make()


ALL: list[Maker] = [
    *(_made_by(make) for make in MAKERS),
    _trips,
    _groups,
    _quality,
    _lines,
    _differences,
]


def _item_models() -> Iterator[type[QAbstractItemModel]]:
    """Every model class that a module of the window defines."""
    for package in (desktop.models, desktop.widgets):
        folder = str(Path(str(package.__file__)).parent)
        for module in pkgutil.iter_modules([folder], f"{package.__name__}."):
            for found in vars(importlib.import_module(module.name)).values():
                is_own = isinstance(found, type) and found.__module__ == module.name
                if is_own and issubclass(found, QAbstractItemModel):
                    yield found


def test_no_model_of_the_window_is_left_out(review: Review) -> None:
    tried = {type(make(review)) for make in ALL}
    known_otherwise = {TableModel, SortedRows}  # what all of them are made of, and seen through
    missing = set(_item_models()) - tried - known_otherwise
    assert not missing, f"add them to ALL: {sorted(kind.__name__ for kind in missing)}"


@pytest.mark.parametrize("make", ALL)
def test_filled_sorted_filtered_and_emptied(
    qtmodeltester: ModelTester, review: Review, make: Maker
) -> None:
    model = make(review)
    assert model.rowCount() > 0
    qtmodeltester.check(model)
    rows = SortedRows()
    rows.setSourceModel(model)
    qtmodeltester.check(rows)
    for column in range(model.columnCount()):
        rows.sort(column, Qt.SortOrder.DescendingOrder)
    rows.set_filter("btc")
    qtmodeltester.check(rows)
    model.refresh()
    model.redress()
    model.clear()
    assert rows.rowCount() == 0
    qtmodeltester.check(model)
