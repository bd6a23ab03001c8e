"""The journal on disk: intents before sending, then everything that happened."""
