"""Execution helpers: one intent that is carried out by several ordinary orders."""
