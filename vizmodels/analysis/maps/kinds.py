"""Which maps there are, and how many pictures stand on one."""

from typing import Literal, get_args

ProjectionKind = Literal["raw", "pca", "umap", "tsne"]
PROJECTION_KINDS: tuple[ProjectionKind, ...] = get_args(ProjectionKind)
SLOW_KINDS = frozenset({"umap", "tsne"})
"""Kinds that take seconds to minutes and are therefore computed by the engine, never in a page."""

Extent = Literal["some", "all"]
"""How many pictures a map shows: enough to see every cluster, or all there are."""

EXTENTS: tuple[Extent, ...] = get_args(Extent)
MAP_POINTS: dict[Extent, int] = {"some": 10_000, "all": 70_000}
"""At most; 10,000 pictures are 2 MB of thumbnails."""
