"""Trading from the console: one command, one engine, plain lines of text.

Every command prints what happened and returns the exit code: 0 done, 1 refused,
3 when the order's fate is not known.
"""
