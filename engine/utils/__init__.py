"""Small tools that know nothing about trading."""
