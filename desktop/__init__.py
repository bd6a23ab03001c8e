"""The window: shows what the engine knows, sends what a person asks."""
