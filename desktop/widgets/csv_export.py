"""Writes a table to a CSV file on a thread of its own, with progress and a way to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.models.csv_lines import head_line, row_line
from desktop.models.table_model import Column
from desktop.widgets.data_table import DataTable
from desktop.widgets.toast_stack import ToastStack
from engine.trading_types import AlertLevel
from engine.utils.threads import StoppableThread

logger = logging.getLogger(__name__)

_KEY = "export"
_ROWS_PER_STEP = 250
_JOIN_S = 1.0


class CsvExport(QObject):
    """One at a time. The rows are those of the moment it began: they are frozen."""

    _progressed = Signal(object, object)  # rows written, of how many
    _ended = Signal(object, object)  # sentence, AlertLevel

    def __init__(self, toasts: ToastStack, parent: QObject) -> None:
        super().__init__(parent)
        self._toasts = toasts
        self._thread: StoppableThread | None = None
        self._progressed.connect(self._on_progress)
        self._ended.connect(self._on_end)

    def ask(self, table: DataTable, window: QWidget) -> None:
        """Ask where to, without blocking; then write what the table shows."""
        dialog = QFileDialog(window, "Export CSV", f"{table.accessibleName()}.csv", "CSV (*.csv)")
        dialog.setObjectName("export.dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.fileSelected.connect(lambda name: self.start(table, Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def start(self, table: DataTable, file: Path) -> None:
        if self._thread is not None:
            self._toasts.show("Another export is still being written.", AlertLevel.WARNING)
            return
        model = table.source()
        rows = [model.row_of(key) for key in table.shown_keys()]
        columns = model.columns()
        self._thread = StoppableThread(
            "csv-export", lambda stop: self._write(stop, file, columns, rows)
        )
        self._thread.start()

    def close(self) -> None:
        """The window closes: what is half written goes."""
        if self._thread is not None:
            self._thread.request_stop()
            self._thread.join(_JOIN_S)

    # --- thread csv-export -------------------------------------------------------------

    def _write(
        self, stop: threading.Event, file: Path, columns: Sequence[Column[Any]], rows: list[Any]
    ) -> None:
        """Written beside and renamed: there is never half a file under the chosen name."""
        beside = file.with_name(f"{file.name}.part")
        try:
            with beside.open("w", encoding="utf-8-sig", newline="") as out:
                out.write(head_line(columns))
                for number, row in enumerate(rows):
                    if stop.is_set():
                        break
                    out.write(row_line(columns, row))
                    if number % _ROWS_PER_STEP == _ROWS_PER_STEP - 1:
                        self._progressed.emit(number + 1, len(rows))
            if stop.is_set():
                beside.unlink(missing_ok=True)
                self._ended.emit("The export was stopped; no file was written.", AlertLevel.INFO)
                return
            beside.replace(file)
        except OSError as error:
            logger.warning("export failed file=%s reason=%s", file, error)
            sentence = f"{file.name} cannot be written: {error.strerror or error}."
            self._ended.emit(sentence, AlertLevel.WARNING)
            return
        self._ended.emit(f"{len(rows):,} rows written to {file.name}.", AlertLevel.INFO)

    # --- GUI thread -----------------------------------------------------------------------

    @Slot(object, object)
    def _on_progress(self, written: int, total: int) -> None:
        if self._thread is not None:
            self._toasts.show(
                f"Exporting: {written:,} of {total:,} rows",
                key=_KEY,
                action="Stop",
                act=self._thread.request_stop,
            )

    @Slot(object, object)
    def _on_end(self, sentence: str, level: AlertLevel) -> None:
        self._thread = None
        self._toasts.drop(_KEY)
        self._toasts.show(sentence, level)
