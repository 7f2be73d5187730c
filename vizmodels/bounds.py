"""What a public server allows beyond what can be: asked by the app, never by the library itself."""

from dataclasses import dataclass

from pydantic.fields import FieldInfo

from vizmodels.described import Described, range_in_words
from vizmodels.errors import InvalidExperiment

REMEDY = "Change it and try again."


@dataclass(frozen=True)
class AtMost:
    """Mark of a field: the largest number, and how many there may be, on a server.

    Parameters
    ----------
    most : the field's largest value, or that of each of its entries; None for any
    length : its largest number of entries; None for any, and for what has none
    """

    most: int | None = None
    length: int | None = None


def bound_of(field: FieldInfo) -> AtMost:
    """A field's mark, or one that allows everything."""
    return next((mark for mark in field.metadata if isinstance(mark, AtMost)), AtMost())


def check_bounds(described: Described) -> None:
    """Raises InvalidExperiment where a description, or one inside it, asks too much of a server."""
    for name, field in type(described).model_fields.items():
        value, bound = getattr(described, name), bound_of(field)
        if isinstance(value, Described):
            check_bounds(value)
        elif isinstance(value, tuple):
            _check_entries(name, value, bound)
        elif bound.most is not None and value > bound.most:
            rule = range_in_words(field, bound.most) or f"at most {bound.most}"
            raise InvalidExperiment(name, rule, value, REMEDY)
    described.check_whole()


def _check_entries(name: str, entries: tuple[object, ...], bound: AtMost) -> None:
    if bound.length is not None and len(entries) > bound.length:
        raise InvalidExperiment(name, f"at most {bound.length} numbers", entries, REMEDY)
    for at, entry in enumerate(entries):
        if isinstance(entry, int) and bound.most is not None and entry > bound.most:
            rule = f"less than or equal to {bound.most}"
            raise InvalidExperiment(f"{name}.{at}", rule, entry, REMEDY)


@dataclass(frozen=True)
class ImageBounds:
    """How much of a visitor's own pictures a server takes in."""

    largest_side: int = 64  # pixels, after resizing
    n_images: int = 100_000
    upload_bytes: int = 200 << 20  # what Streamlit calls 200 MB
    unpacked_bytes: int = 2000 << 20

    @property
    def n_entries(self) -> int:
        """Of a .zip: macOS adds a hidden twin to every picture, and folders count too."""
        return 3 * self.n_images


APP_BOUNDS = ImageBounds()
