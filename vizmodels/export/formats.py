"""Formats of what browsers fetch, in its addresses, since browsers keep what they fetched.

Raise one when a browser that knows the old format would read the new one wrongly.
"""

PROGRAM_FORMAT = 2  # of a network and its weights
LATENT_FORMAT = 2
