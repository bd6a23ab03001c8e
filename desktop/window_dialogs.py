"""Windows beside the window: help, settings and notices, loaded when they are first opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from desktop.widgets.help_sections import section_of

if TYPE_CHECKING:
    from desktop.main_window import MainWindow
    from desktop.widgets.help_window import HelpWindow
    from desktop.widgets.settings_dialog import SettingsDialog


class WindowDialogs(QObject):
    """GUI thread only. `configured` is what config.yaml says, beside what was chosen."""

    def __init__(self, window: MainWindow, configured: Mapping[str, object]) -> None:
        super().__init__(window)
        self._window = window
        self._configured = configured
        self.help: HelpWindow | None = None
        self.settings: SettingsDialog | None = None

    @Slot()
    def show_help(self) -> None:
        """At the section of what has the keyboard."""
        window, hints = self._window, self._window.hints
        if self.help is None:
            from desktop.widgets.help_window import HelpWindow  # noqa: PLC0415 - the first frame needs none of it

            self.help = HelpWindow(window)
            if hints is not None:
                self.help.hints_wanted.connect(hints.begin)
        self.help.show_keys(window.keymap)
        self.help.offer_hints(hints is not None and hints.can_begin)
        self.help.open(section_of(window.focusWidget()))

    @Slot()
    def show_settings(self) -> None:
        window = self._window
        if self.settings is None:
            from desktop.widgets.settings_dialog import SettingsDialog  # noqa: PLC0415 - the first frame needs none of it

            self.settings = SettingsDialog(
                window, window.preferences, window.keymap, self._configured
            )
        self.settings.come_forward()

    @Slot()
    def show_notices(self) -> None:
        from desktop.widgets.notice_dialog import NoticeDialog  # noqa: PLC0415 - the first frame needs none of it

        notices = self._window.notices
        dialog = NoticeDialog(self._window, notices.choices)
        dialog.changed.connect(notices.set_choices)
        dialog.sound_wanted.connect(self._window.sound_wanted)
        dialog.open()

    def close(self) -> None:
        for opened in (self.help, self.settings):
            if opened is not None:
                opened.close()
