"""Figures: arrays in, a picture out; no model, file or randomness."""
