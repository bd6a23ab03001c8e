"""Only watches: says every ten seconds how wide the spread was. Places no orders.

perpdesk-cli run resources/strategies/watch_spread.py --symbol BTCUSDT
"""

from engine.events import BookTicker, HealthReport

EVERY_S = 10


class WatchSpread:
    def on_start(self, desk):
        self.desk = desk
        self.spreads = []
        self.seconds = 0

    def on_event(self, event):
        if isinstance(event, BookTicker):
            self.spreads.append(event.ask_price - event.bid_price)
        elif isinstance(event, HealthReport):  # comes once a second
            self.seconds += 1
            if self.seconds % EVERY_S == 0:
                self.report()

    def report(self):
        symbol = self.desk.symbols[0]
        if not self.spreads:
            self.desk.say(f"{symbol}: nothing has changed.")
            return
        mean = sum(self.spreads) / len(self.spreads)
        widest = max(self.spreads)
        count = len(self.spreads)
        self.desk.say(
            f"{symbol} spread {mean:.4f} on average, {widest:.4f} at most, {count} quotes."
        )
        self.spreads = []
