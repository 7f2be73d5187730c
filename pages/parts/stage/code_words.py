"""What the browser is told of a VQ-VAE's codes beside its network."""

from pages.parts.process.shared import atlas
from vizmodels.analysis.codes.code_sampling import code_colours
from vizmodels.figures.codes import hex_colours
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.runs.library import RunRecord
from vizmodels.runs.run import Run

BROWSED = 500  # test images whose codes the codebook's page steps through


def said_codes(record: RunRecord) -> dict[str, object] | None:
    """What the browser is told of a VQ-VAE's codes; None for a model without."""
    model = atlas().run(record.id).model
    if not isinstance(model, VQVAE):
        return None
    colours = [word[1:] for word in hex_colours(code_colours(model))]
    return {"grid": list(model.grid), "colours": colours}


def n_browsed(run: Run) -> int:
    """Test images whose codes `CODES_FILE` holds."""
    return min(BROWSED, atlas().points(run.experiment.dataset).n_test)
