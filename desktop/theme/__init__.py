"""How the program looks. `palette` is the one set of colours on show, exchanged as a whole."""

from desktop.theme.colours import palette

__all__ = ["palette"]
