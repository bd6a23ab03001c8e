"""The embedded paper exchange: a venue of its own that speaks the wire protocol."""
