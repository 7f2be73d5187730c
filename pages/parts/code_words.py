"""What the browser is told of a VQ-VAE's codes beside its network."""

from pages.parts.shared import atlas
from vizmodels.analysis.code_sampling import code_colours
from vizmodels.figures.codes import hex_colours
from vizmodels.models.vqvae import VQVAE
from vizmodels.runs.library import RunRecord


def said_codes(record: RunRecord) -> dict[str, object] | None:
    """What the browser is told of a VQ-VAE's codes; None for a model without."""
    model = atlas().run(record.id).model
    if not isinstance(model, VQVAE):
        return None
    colours = [word[1:] for word in hex_colours(code_colours(model))]
    return {"grid": list(model.grid), "colours": colours}
