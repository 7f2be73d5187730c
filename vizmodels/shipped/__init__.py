"""Builds what comes with the app: runs, and what is measured of them."""
