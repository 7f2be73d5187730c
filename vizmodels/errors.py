"""Every error a visitor can meet, in one message shape.

"<thing> must be <rule>; got <value>. <what to do>."
"""

LONGEST_VALUE_SHOWN = 80  # characters; a visitor's own 10 MB string must not come back at them


class LatentariumError(Exception):
    """What must hold, what was given, what to do — in that order, for a person to read."""

    def __init__(self, thing: str, rule: str, got: object, remedy: str) -> None:
        shown = got if isinstance(got, str) else repr(got)
        if len(shown) > LONGEST_VALUE_SHOWN:
            shown = shown[:LONGEST_VALUE_SHOWN] + "…"
        super().__init__(f"{thing} must be {rule}; got {shown}. {remedy}")
        self.parts = (thing, rule, got, remedy)

    def __reduce__(self) -> tuple[type, tuple[str, str, object, str]]:
        """Pickles by its four parts, so that it survives the way home from a worker."""
        return (type(self), self.parts)


class InvalidExperiment(LatentariumError, ValueError):
    """A field of an experiment is unknown, of the wrong kind or out of its range."""


class InvalidTensor(LatentariumError, ValueError):
    """Images, latents or labels are of the wrong kind, shape or range."""


class UnknownField(InvalidExperiment):
    """A field, or a choice of one, that this version does not have: a later one may."""


class UnknownDataset(LatentariumError, ValueError):
    """No image set of that name is built in or has been added."""


class DataUnavailable(LatentariumError, OSError):
    """The files of an image set are not on this machine and could not be fetched."""


class OtherPictures(DataUnavailable):
    """Under the name of a run's image set stand pictures that it did not learn from."""


class DamagedData(LatentariumError, OSError):
    """The files of an image set are there but cannot be what they claim to be."""


class ImagesRejected(LatentariumError, ValueError):
    """A visitor's own folder or .zip breaks one of the limits on own images."""


ANOTHER_SET = "Choose an image set that has more, or add pictures to your own."


class TooFewImages(LatentariumError, ValueError):
    """An image set has fewer pictures, or fewer classes, than a figure can be measured on."""


def need(thing: str, given: int, fewest: int, remedy: str) -> None:
    """Raise TooFewImages where there are fewer of a thing than something needs.

    Parameters
    ----------
    thing : what is counted, in the plural
    """
    if given < fewest:
        raise TooFewImages(f"The number of {thing}", f"at least {fewest}", given, remedy)


class UnknownRun(LatentariumError, KeyError):
    """No run of that id is in the library."""

    __str__ = Exception.__str__  # KeyError would show the sentence in quotes


class UnreadableRun(LatentariumError, OSError):
    """A run cannot be read now, for want of memory, file handles or rights; it stays as it is."""


class DamagedRun(UnreadableRun):
    """A run's folder lacks a file, or one of its files does not say what it should."""


class NewerRun(UnreadableRun):
    """A later version of the app has written the run, and knows more than this one."""


class UnreadableCheckpoint(LatentariumError, OSError):
    """A checkpoint that is there and cannot be read on this machine now."""


class ReadOnlyRun(LatentariumError, PermissionError):
    """A shipped run can be neither changed nor deleted."""


class TrainingDiverged(LatentariumError, ArithmeticError):
    """A loss term became infinite or not a number."""


class TrainingStopped(LatentariumError):
    """Somebody asked for the training to stop; what was learned until then is not a run."""


class TrainingSetAside(LatentariumError):
    """A paused training has made room for others; its checkpoint waits."""


class NotYours(LatentariumError, PermissionError):
    """Somebody else started what a visitor wants to change."""


class NotExportable(LatentariumError, TypeError):
    """The model has a layer that the browser's decoder does not know."""


class EngineUnavailable(LatentariumError, ConnectionError):
    """The engine that trains is not up yet, or has gone away."""
