"""What pages say of the code that is decoded, beside what is decoded."""

import torch
from page_under_test import open_page

from pages.parts.process import shared
from pages.train.learning import what_dots_decode
from vizmodels.data.bundled import digits
from vizmodels.jobs import Curve
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.runs.run import Run
from vizmodels.specs import DiscreteVAESpec


def test_the_train_page_says_what_its_dots_decode(runs: dict[str, Run]) -> None:
    def said(name: str) -> list[str]:
        test = open_page("train", run=runs[name].id)
        return [c.value for c in test.caption if "dots are of the clean test pictures" in c.value]

    (of_vae,) = said("vae")
    assert "decode its mean" in of_vae and "**reconstruction of draws** a draw" in of_vae
    (of_classes,) = said("discrete_vae")
    assert "decode its likeliest classes" in of_classes
    assert said("autoencoder") == said("vqvae") == []


def test_a_run_from_before_draws_were_evaluated_says_what_its_dots_decode() -> None:
    of_classes = [
        r for r in shared.library().list() if isinstance(r.experiment.model, DiscreteVAESpec)
    ]
    shipped = next(r for r in of_classes if r.experiment.dataset == "strokes")
    said = what_dots_decode(Curve.of(shared.library().load(shipped.id).history))
    assert said.endswith("its class probabilities, which errs by less.")


def test_bits_stand_beside_the_error_of_what_has_them(runs: dict[str, Run]) -> None:
    run, images = runs["discrete_vae"], digits().test.images / 255
    test = open_page("reconstruction", a=run.id, b="none", c="none", d="none")
    (label,) = [h.proto.body for h in test.get("html") if "<b>A</b>" in h.proto.body]
    model = run.autoencoder
    assert isinstance(model, DiscreteVAE)
    with torch.no_grad():
        latents = model.encode(images)
        k = model.n_classes
        codes = torch.cat([torch.eye(k)[v.argmax(1)] for v in latents.split(k, dim=1)], dim=1)
        of_code = (model.decode(codes) - images).square().mean().item()
        relaxed = (model.decode(latents) - images).square().mean().item()
    assert f"error {of_code:.5f} ±" in label and f"relaxed: {relaxed:.5f}" in label
    assert f"error {run.evaluation['reconstruction_of_draws']:.5f} of draws" in label
