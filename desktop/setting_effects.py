"""What follows at once when a person changes a setting."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from desktop.models.keymap import PRESET_COUNT, Keymap
from desktop.models.preferences import Preferences
from desktop.models.settings import AUTOMATIC, GROUPING, SIZE_UNIT
from desktop.models.size_unit import SizeUnit
from desktop.widgets.chosen_look import look_on
from desktop.widgets.market_desk import MarketDesk
from desktop.widgets.notice_desk import NoticeDesk
from desktop.widgets.order_gate import OrderGate
from desktop.widgets.window_keys import WindowKeys


class SettingEffects(QObject):
    """Hears of each change of the preferences. GUI thread only."""

    def __init__(
        self,
        preferences: Preferences,
        keymap: Keymap,
        window_keys: WindowKeys,
        *,
        market: MarketDesk,
        gate: OrderGate,
        notices: NoticeDesk,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._keymap = keymap
        self._window_keys = window_keys
        self._market = market
        self._gate = gate
        self._notices = notices
        market.symbol_shown.connect(self._group_ladder)
        self._show_keys()
        preferences.listen(self._on_chosen)

    def _on_chosen(self, key: str) -> None:
        if key.startswith("askFirst."):
            self._gate.reread()
        elif key.startswith("appearance."):
            look_on(self._preferences)
        elif key == GROUPING.key:
            self._group_ladder()
        elif key == SIZE_UNIT.key:
            unit = SizeUnit(self._preferences.value_of(SIZE_UNIT))
            self._market.ticket.set_size_unit(unit)
        elif key.startswith("sounds."):
            self._notices.reread()
        elif key == "keys":
            self._show_keys()
        elif key == "ticket.presets":
            self._market.ticket.presets.reload()

    @Slot()
    def _group_ladder(self) -> None:
        ticks = self._preferences.value_of(GROUPING)
        self._market.ladder.set_grouping(None if ticks == AUTOMATIC else int(ticks))

    def _show_keys(self) -> None:
        self._window_keys.rebind()
        names = [f"ticket.preset.{n + 1}" for n in range(PRESET_COUNT)]
        self._market.ticket.presets.set_keys([self._keymap.key_of(name) for name in names])
