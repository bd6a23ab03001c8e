"""The notices over the chart: where they lie, which are shown, which replaces which.

The same sentence again counts up instead of piling up.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, QTimer, Slot
from PySide6.QtWidgets import QWidget

from desktop.widgets.toasts import WIDEST, Toast
from engine.trading_types import AlertLevel

_MOST = 4
_LOOK_MS = 400
_NARROWEST = 210
_WIDTH_SHARE, _HEIGHT_SHARE = 0.5, 0.22  # of the chart: on a low one there is one at a time
_MARGIN = 12
_CLEAR_RIGHT = 76  # the chart's prices
_CLEAR_BELOW = 62  # its times, and the words above them
_CLEAR_ABOVE = 60  # the words at the top
_GAP = 6


def _nowhere() -> QRect:
    return QRect()


def _nothing() -> list[QRect]:
    return []


def _height_of(toasts: list[Toast]) -> int:
    return sum(toast.height() + _GAP for toast in toasts) - _GAP


class ToastStack(QObject):
    """At the right of `area`, below what must stay in sight or above it; newest lowest.

    `in_sight` tells where the price is now: as wide as the plot, as high as the newest
    moves. `tags` are what should not be covered either: notices are narrower beside them.
    The newest notice and the newest error are always shown, others in one line while they
    find room, and else counted: all of it stands under Alerts and in the log.
    """

    def __init__(
        self,
        area: QWidget,
        in_sight: Callable[[], QRect] = _nowhere,
        tags: Callable[[], list[QRect]] = _nothing,
    ) -> None:
        super().__init__(area)
        self._area = area
        self._in_sight = in_sight
        self._tags = tags
        self._seen, self._named = _nowhere(), _nothing()  # what both told at the last look
        self._top = 0
        self._toasts: list[Toast] = []
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._give_way)
        area.installEventFilter(self)

    def window(self) -> QWidget:
        return self._area.window()

    def show(
        self,
        sentence: str,
        level: AlertLevel = AlertLevel.INFO,
        *,
        key: str = "",
        icon_name: str = "",
        colour: str = "",
        action: str = "",
        act: Callable[[], None] | None = None,
    ) -> None:
        """A toast of the same `key` is rewritten, one of the same sentence counted up."""
        for toast in self._toasts:
            if toast.sentence() == sentence:
                toast.say_again()
                self._arrange()
                return
            if key and toast.key == key:
                toast.say(sentence)
                self._arrange()
                return
        toast = Toast(
            self._area,
            key=key,
            sentence=sentence,
            level=level,
            icon_name=icon_name,
            colour=colour,
            action=action,
            act=act,
        )
        toast.installEventFilter(self)
        self._toasts.insert(0, toast)
        toast.show()
        self._look.start()
        while len(self._toasts) > _MOST:
            self._toasts.pop().close()
        self._arrange()

    @Slot(object)
    def set_top(self, top: int) -> None:
        """Leave so much free above: an alarm is not covered by a notice."""
        self._top = top
        self._arrange()

    def drop(self, key: str) -> None:
        """What that notice said is no longer so."""
        for toast in [toast for toast in self._toasts if toast.key == key]:
            toast.close()

    def toasts(self) -> list[Toast]:
        return list(self._toasts)

    def sentences(self) -> list[str]:
        """Newest first."""
        return [toast.sentence() for toast in self._toasts]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._area and event.type() == QEvent.Type.Resize:
            self._arrange()
        if event.type() == QEvent.Type.Close and isinstance(watched, Toast):
            self._forget(watched)
        return super().eventFilter(watched, event)

    def _forget(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
        if not self._toasts:
            self._look.stop()
        self._arrange()

    @Slot()
    def _give_way(self) -> None:
        """Prices and orders move; but nothing runs away from under the mouse."""
        shown = [toast for toast in self._toasts if toast.isVisible()]
        self._look_around()
        kept = [self._seen, *self._named]
        is_over_them = any(toast.geometry().intersects(one) for toast in shown for one in kept)
        if is_over_them and not any(toast.underMouse() for toast in shown):
            self._arrange()

    def _look_around(self) -> None:
        """Once for each arrangement: the chart lays itself out for an answer."""
        self._seen, self._named = self._in_sight(), self._tags()

    def _arrange(self) -> None:
        if not self._toasts:
            return
        self._look_around()
        area = self._area.size()
        widest = min(max(round(area.width() * _WIDTH_SHARE), _NARROWEST), WIDEST)
        bottom, width = self._spot(_height_of(self._fitted(widest)), widest)
        shown = self._fitted(width)
        # narrower words are higher: not out at the top for that
        bottom = max(bottom, min(self._top + _CLEAR_ABOVE + _height_of(shown), area.height()))
        for toast in self._toasts:
            toast.setVisible(toast in shown)
            if toast in shown:
                left = max(self._right() - toast.width() - _MARGIN, _MARGIN)
                toast.move(left, bottom - toast.height())
                toast.raise_()
                bottom -= toast.height() + _GAP

    def _fitted(self, width: int) -> list[Toast]:
        """Those that are shown, newest first; the newest one tells how many are not."""
        for number, toast in enumerate(self._toasts):
            toast.set_others(0)
            toast.fit(width, is_folded=number > 0)
        room = round(self._area.height() * _HEIGHT_SHARE)
        shown = self._with_room(room)
        if len(shown) < len(self._toasts):
            shown[0].set_others(len(self._toasts) - len(shown))
            shown[0].fit(width)
        return shown

    def _with_room(self, room: int) -> list[Toast]:
        """Newest first. An error is not pushed out of sight by the fills after it."""
        errors = [toast for toast in self._toasts if toast.level is AlertLevel.ERROR]
        always = {*self._toasts[:1], *errors[:1]}
        room -= sum(toast.height() + _GAP for toast in always)
        shown = []
        for toast in self._toasts:
            if toast not in always:
                room -= toast.height() + _GAP
                if room < 0:
                    continue
            shown.append(toast)
        return shown

    def _right(self) -> int:
        kept = self._seen
        return kept.right() if kept.width() else self._area.width() - _CLEAR_RIGHT

    def _spot(self, height: int, widest: int) -> tuple[int, int]:
        """Bottom and width of a stack: the first place beside or above the tags, if there is
        one with room for its words.
        """
        is_over = self._is_over(height)
        spots = [*self._bottoms(is_over, height), *self._bottoms(not is_over, height)]
        for bottom in spots:
            width = min(widest, self._width_beside(bottom, height))
            if width >= _NARROWEST:
                return bottom, width
        return self._bottom(is_over, height), _NARROWEST

    def _bottoms(self, is_over: bool, height: int) -> list[int]:
        """As near to the price, or to the foot, as it goes; then above each tag in turn."""
        if self._room(is_over) < height:
            return []
        lowest = self._bottom(is_over, height)
        highest = lowest - self._room(is_over) + height
        above = {tag.top() - _GAP for tag in self._named}
        return [lowest, *sorted((y for y in above if highest <= y < lowest), reverse=True)]

    def _width_beside(self, bottom: int, height: int) -> int:
        """How wide a stack of this height may be there without lying over a tag."""
        band = QRect(0, bottom - height, self._right(), height)
        edges = [tag.right() for tag in self._named if tag.intersects(band)]
        return self._right() - _MARGIN - max(edges, default=0) - _GAP

    def _is_over(self, height: int) -> bool:
        """Below the present price if the stack fits there, else above it, else where more is."""
        above = self._room(is_over=True)
        return not self._seen.isEmpty() and self._room(is_over=False) < min(height, above)

    def _room(self, is_over: bool) -> int:
        kept = self._seen
        if is_over:
            return kept.top() - _GAP - self._top - _CLEAR_ABOVE
        return self._area.height() - _CLEAR_BELOW - kept.bottom() - _GAP

    def _bottom(self, is_over: bool, height: int) -> int:
        if not is_over:
            return self._area.height() - _CLEAR_BELOW
        return max(self._seen.top() - _GAP, self._top + _CLEAR_ABOVE + height)
