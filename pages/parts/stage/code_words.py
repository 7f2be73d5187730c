"""What the browser is told of a VQ-VAE's codes beside its network."""

from typing import TYPE_CHECKING

from pages.parts.process.shared import atlas
from vizmodels.runs.library import RunRecord

if TYPE_CHECKING:
    from vizmodels.runs.run import Run

BROWSED = 500  # test images whose codes the codebook's page steps through


def said_codes(record: RunRecord) -> dict[str, object] | None:
    """What the browser is told of a VQ-VAE's codes; None for a model without."""
    from vizmodels.stage.description import describe_codes

    return describe_codes(atlas(), record)


def n_browsed(run: "Run") -> int:
    """Test images whose codes `CODES_FILE` holds."""
    return min(BROWSED, atlas().points(run.experiment.dataset).n_test)
