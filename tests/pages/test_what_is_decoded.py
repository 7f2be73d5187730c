"""What pages say of the code that is decoded, beside what is decoded."""

import numpy as np
import torch
from page_under_test import open_page
from scipy import stats
from streamlit.testing.v1 import AppTest

from pages.information.differences import differences
from pages.information.information_views import JUDGES
from pages.parts.process import shared
from pages.train.learning import what_dots_decode
from vizmodels.analysis.pictures.information import FIGURES, InformationKept
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
    assert said.endswith("its class probabilities.")


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


def test_errors_of_two_models_are_compared_picture_by_picture(runs: dict[str, Run]) -> None:
    images = digits().test.images / 255
    test = open_page("reconstruction", a=runs["vae"].id, b=runs["vqvae"].id, c="none", d="none")
    errors = []
    for name in ("vae", "vqvae"):
        model = runs[name].autoencoder
        with torch.no_grad():
            pictures = model.decode(model.encode(images))
        errors.append((pictures - images).square().mean(dim=(1, 2, 3)).double().numpy())
    low, high = stats.ttest_rel(errors[1], errors[0]).confidence_interval(0.95)
    a, b = [h.proto.body for h in test.get("html") if "<b>" in h.proto.body]
    assert "picture by picture" not in a
    assert f"{(low + high) / 2:+.5f} ± {(high - low) / 2:.5f}" in b


def kept(accuracies: list[float]) -> InformationKept:
    """What three judges of each kind read right."""
    told = np.array(accuracies)
    figures = dict.fromkeys(FIGURES, told)
    return InformationKept((0, 1, 2), 50, 10, **figures, confusion=np.array([[30]]))


def test_judges_compare_two_models_seed_by_seed() -> None:
    one, other = [0.91, 0.95, 0.99], [0.90, 0.93, 0.985]
    low, high = stats.ttest_rel(one, other).confidence_interval(0.95)
    rows = differences(kept(one), kept(other), JUDGES)
    assert [title for title, _ in rows] == list(JUDGES.values())
    assert {text for _, text in rows} == {f"**{50 * (low + high):+.1f}** ± {50 * (high - low):.1f}"}


def test_the_judges_differences_stand_below_two_pickers() -> None:
    def page() -> None:
        import numpy as np

        from pages.information.differences import show_differences
        from vizmodels.analysis.pictures.information import FIGURES, InformationKept

        figures = dict.fromkeys(FIGURES, np.array([0.5, 0.5]))
        same = InformationKept((0, 1), 50, 10, **figures, confusion=np.array([[20]]))
        show_differences([same, same], ["A", "B"], {"linear_probe": "Linear probe"})

    test = AppTest.from_function(page).run()
    assert not test.exception
    assert [box.value for box in test.selectbox] == [0, 1]
    assert [m.value for m in test.markdown] == ["- Linear probe: **+0.0** ± 0.0"]
