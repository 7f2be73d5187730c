"""Runs: what was asked for, the model that came of it, and the library that keeps it."""
