"""Every page of an own image set that is too small for some of its figures shows figures and
sentences."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from page_under_test import open_page
from small_sets import SETS, SPECS, add_small_set, train_on

from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run

PAGES = (
    "latent_space",
    "reconstruction",
    "denoising",
    "interpolation",
    "sampling",
    "codebook",
    "information",
    "train",
)
SAYS = {
    (
        "two-pictures",
        "sampling",
    ): "pictures of a fitted Gaussian must be at least 2; got 1",
    ("nine-train", "sampling"): "different latents of a mixture of 10 must be at least 10; got 9",
    ("two-pictures", "latent_space"): "too few pictures to have neighbours to keep",
    ("nine-train", "latent_space"): "(5 nearest of 12 pictures)",
}


@pytest.fixture(scope="module", params=SETS)
def of_set(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path, dict[str, Run]]]:
    """The name of a small set, the home it is in, and a run of each family on it."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("small")
        patch.setenv("LATENTARIUM_HOME", str(home))
        add_small_set(request.param, tmp_path_factory.mktemp("pictures"))
        families = [f for f in SPECS if f != "classifier" or SETS[request.param].n_classes]
        runs = {family: train_on(request.param, family) for family in families}
        for run in runs.values():
            RunLibrary(home / "runs").save(run)
        yield request.param, home, runs


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_small_set_shows_figures_and_sentences(
    of_set: tuple[str, Path, dict[str, Run]], page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, home, runs = of_set
    monkeypatch.setenv("LATENTARIUM_HOME", str(home))
    compared = ("vae", "autoencoder", "discrete_vae", "vqvae")
    queries = {
        "codebook": {"vq": runs["vqvae"].id},
        "information": {"information_images": dataset},
        "train": {"run": runs["discrete_vae"].id},
    }
    models = {slot: runs[family].id for slot, family in zip("abcd", compared, strict=True)}
    test = open_page(page, **queries.get(page, models))
    assert not test.exception, [error.value for error in test.exception]
    if (wanted := SAYS.get((dataset, page))) is not None:
        assert any(wanted in caption.value for caption in test.caption)
