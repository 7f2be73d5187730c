"""What the process computes once for all visitors, kept within one number of bytes."""

import os

from vizmodels.keyed_cache import KeyedCache

DEFAULT_MB = 512  # a map of 70,000 MNIST digits with its pictures takes about 60

CACHE = KeyedCache(int(os.environ.get("LATENTARIUM_CACHE_MB", DEFAULT_MB)) << 20)
"""Shared by the atlas and the pages; its bound is $LATENTARIUM_CACHE_MB in megabytes."""
