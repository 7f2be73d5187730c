"""Codebooks: how codes are used, drawn and lost."""
