"""Sessions written down, and played back."""
