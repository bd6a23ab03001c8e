"""Pure market state: instruments, local book, candles, latest prices."""
