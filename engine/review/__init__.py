"""Statistics over past trading, and the journal held against the exchange's statement."""
