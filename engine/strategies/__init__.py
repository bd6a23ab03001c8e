"""A person's own program as a guest of the engine: loaded, run, stopped, and fenced in."""
