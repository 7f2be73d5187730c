"""Measurements of what the app promises, each printing one JSON line per figure."""
