"""Every shipped run, and every epoch it keeps, decodes and encodes in the browser as in PyTorch."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from playwright.sync_api import Page
from stage_site import StageSite
from test_layers import RUN_PROGRAM

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.export.layer_program import layer_program
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary, RunRecord
from vizmodels.specs import AutoencodingSpec

PIXEL_TOLERANCE = 2e-3
SHIPPED = RunLibrary(ASSETS / "runs")
DECODING = [r for r in SHIPPED.list() if isinstance(r.experiment.model, AutoencodingSpec)]


def latents_of(model: Autoencoder, generator: torch.Generator) -> torch.Tensor:
    """Where decoders are asked: twice as wide as the prior, on classes, on codes."""
    if isinstance(model, VQVAE):
        n = model.quantizer.codebook_size
        codes = torch.randint(n, (3, model.latent_dim), generator=generator)
        return model.embed(codes.float())
    z = 2 * torch.randn(3, model.embedding_dim, generator=generator)
    if isinstance(model, DiscreteVAE):
        n = model.n_variables * model.n_classes
        chosen = torch.randint(model.n_classes, (3, model.n_variables), generator=generator)
        one_hot = torch.nn.functional.one_hot(chosen, model.n_classes).float().flatten(1)
        z = torch.cat([one_hot, z[:, n:]], dim=1)
    return z


def assert_same(page: Page, site: StageSite, model: Autoencoder) -> None:
    generator = torch.Generator().manual_seed(3)
    program = layer_program(model)
    site.files["/artefacts/shipped.json"] = program.to_json().encode()
    site.files["/artefacts/shipped.bin"] = program.weights
    z = latents_of(model, generator)
    x = torch.rand(2, *model.image_shape, generator=generator)
    with torch.no_grad():
        x_hat = model.decode_embedding(z).flatten(1).numpy()
        encoded = model.embed(model.encode(x)).numpy()
    decoded = page.evaluate(RUN_PROGRAM, ["shipped", "decoder", z.tolist()])
    assert_allclose(decoded, x_hat, atol=PIXEL_TOLERANCE)
    found = page.evaluate(RUN_PROGRAM, ["shipped", "encoder", x.flatten(1).tolist()])
    found = np.array(found)[:, : encoded.shape[1]]  # mu comes before log_var
    if isinstance(model, VQVAE):  # a vector midway between two codes may fall to either
        differs = np.abs(found - encoded).reshape(2, model.latent_dim, -1).max(axis=2) > 1e-5
        assert differs.sum() <= 2
    else:
        assert_allclose(found, encoded, atol=PIXEL_TOLERANCE * max(1, np.abs(encoded).max()))


@pytest.mark.parametrize("record", DECODING, ids=lambda record: record.title)
def test_a_shipped_run_equals_pytorch(
    shared_page: Page, site: StageSite, record: RunRecord
) -> None:
    assert_same(shared_page, site, SHIPPED.load(record.id).autoencoder)


def test_every_epoch_that_is_shipped_equals_pytorch(shared_page: Page, site: StageSite) -> None:
    atlas = Atlas(SHIPPED)
    kept = {record.id: atlas.epochs(record.id) for record in DECODING}
    with_epochs = {run_id: epochs for run_id, epochs in kept.items() if epochs}
    assert len(with_epochs) >= 2
    for run_id, epochs in with_epochs.items():
        assert epochs[0] == 0 and len(epochs) >= 5
        for epoch in epochs[::3]:
            model = atlas.model_at(run_id, epoch)
            assert isinstance(model, Autoencoder)
            assert_same(shared_page, site, model)
