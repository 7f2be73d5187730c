"""At public borders what is plain is taken, and everything else is refused in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vizmodels.borders import as_images, as_labels, as_latents
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.errors import InvalidTensor
from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.code_prior import UniformPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.vae import VAE
from vizmodels.specs import AutoencoderSpec, DiscreteVAESpec, VAESpec, VQVAESpec

SHAPE = (1, 8, 8)
ROOT = Path(__file__).resolve().parent.parent
SPECS = [AutoencoderSpec(widths=(8,)), VAESpec(widths=(8,)), DiscreteVAESpec(widths=(8,)),
         VQVAESpec(channels=8, n_residual=0)]  # fmt: skip


def rand(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (
            255 * rand(2, 1, 8, 8),
            r"^images must be in \[0, 1\]; got .*\. Divide by 255, or",
        ),
        (rand(2, 8, 8), r"^images must be of shape \(N, 1, 8, 8\); got \(2, 8, 8\)\. Give each"),
        (rand(2, 3, 8, 8), r"of shape \(N, 1, 8, 8\); got \(2, 3, 8, 8\)\."),
        (
            torch.ones(2, 1, 8, 8, dtype=torch.int64),
            r"float32 in \[0, 1\], or uint8; got torch\.int",
        ),
        ([[0.5]], r"a tensor \(N, 1, 8, 8\); got list\. Use torch\.as_tensor\."),
    ],
)
def test_images_that_are_none_are_refused(images: object, sentence: str) -> None:
    with pytest.raises(InvalidTensor, match=sentence):
        as_images(images, SHAPE, look=True)


def test_bytes_are_taken_as_what_they_plainly_are() -> None:
    images = (255 * rand(3, 1, 8, 8)).to(torch.uint8)
    torch.testing.assert_close(as_images(images, SHAPE, look=True), images / 255)


def test_latents_of_another_width_are_refused() -> None:
    with pytest.raises(InvalidTensor, match=r"^latents must be of shape \(N, 2\); got \(4, 3\)\."):
        as_latents(rand(4, 3), 2)


def test_a_list_of_classes_is_taken_and_one_too_many_refused() -> None:
    assert torch.equal(as_labels([1, 0], 2, 3), torch.tensor([1, 0]))
    with pytest.raises(
        InvalidTensor, match=r"^labels must be 2 whole numbers; got torch\.int64 of"
    ):
        as_labels([1, 0, 2], 2, 3)
    with pytest.raises(InvalidTensor, match=r"^labels must be from 0 to 2; got 0 to 3\. Count"):
        as_labels([0, 3], 2, 3)


@pytest.mark.parametrize("spec", SPECS)
def test_a_model_draws_without_a_generator_and_each_time_others(spec) -> None:
    model = build_model(spec, SHAPE, torch.Generator().manual_seed(0)).eval()
    assert isinstance(model, Autoencoder)
    if isinstance(model, VQVAE):  # before its first step all of its codes are one
        model.quantizer.codebook.data.copy_(rand(*model.quantizer.codebook.shape))
    assert model.sample(3).shape == (3, *SHAPE)
    assert not torch.equal(model.sample(3), model.sample(3))


def test_at_temperature_0_the_likeliest_codes_are_drawn() -> None:
    class Known(UniformPrior.__mro__[1]):
        def logits(self, codes, labels=None, generator=None):
            return torch.arange(5.0).view(1, 5, 1, 1).expand(len(codes), 5, *codes.shape[1:])

    prior, generator = Known(5, (2, 2)), torch.Generator().manual_seed(0)
    assert (prior.sample_codes(3, generator, temperature=0.0) == 4).all()
    with pytest.raises(InvalidTensor, match=r"^temperature must be 0 or above; got -1"):
        prior.sample_codes(3, generator, temperature=-1.0)


@pytest.mark.parametrize("backbone", ["mlp", "conv", "transformer"])
def test_a_model_put_together_by_hand_knows_its_shapes(backbone: str) -> None:
    built = build_model(
        VAESpec(backbone=backbone, latent_dim=3, widths=(16,)), SHAPE, torch.Generator()
    )
    assert isinstance(built, VAE)
    model = VAE(built.encoder, built.decoder, 1e-3, "gaussian")
    assert (model.latent_dim, model.image_shape) == (3, SHAPE)
    assert model.sample(2).shape == (2, *SHAPE)
    with pytest.raises(AttributeError):
        _ = model.no_such_thing


def test_a_split_says_what_its_tensors_must_be() -> None:
    images = torch.zeros(2, 1, 8, 8, dtype=torch.uint8)
    assert torch.equal(ImageSplit(images, [0, 1]).labels, torch.tensor([0, 1]))
    with pytest.raises(InvalidTensor, match=r"uint8 \(N, C, H, W\); got torch\.float32 \(2, 1, 8"):
        ImageSplit(images.float())
    with pytest.raises(InvalidTensor, match=r"int64 \(2,\); got torch\.int64 \(3,\)\."):
        ImageSplit(images, torch.tensor([0, 1, 2]))
    split = ImageSplit(images)
    with pytest.raises(InvalidTensor, match=r"must be \(1, 8, 8\); got \(3, 8, 8\)\."):
        ImageSet("own", (3, 8, 8), (), (), split, split)


WITHOUT_THE_TESTS_HOOK = """
import torch
from vizmodels import AutoencoderSpec, Experiment, InvalidTensor, Training, train
spec, once = AutoencoderSpec(widths=(8,)), Training(epochs=1)
experiment = Experiment(dataset="digits", model=spec, training=once)
run = train(experiment, device=torch.device("cpu"), checkpoints="checkpoint.safetensors")
model = run.model
assert model.encode(torch.zeros(2, 1, 8, 8, dtype=torch.uint8)).shape == (2, 2)
for given in (255 * torch.ones(2, 1, 8, 8), torch.ones(2, 8, 8), torch.ones(2, 3, 8, 8)):
    try:
        model.encode(given)
        raise SystemExit("taken")
    except InvalidTensor:
        pass
try:
    model.decode(torch.ones(2, 3))
    raise SystemExit("taken")
except InvalidTensor:
    print("refused")
"""


def test_a_program_meets_the_same_sentences(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_TESTS_HOOK], cwd=tmp_path, capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert told.stdout.strip() == "refused", told.stderr
