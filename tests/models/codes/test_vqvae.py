import math

import pytest
import torch
from torch import Tensor, nn

from vizmodels.errors import InvalidExperiment
from vizmodels.models import build_model
from vizmodels.models.autoencoder import squared_error
from vizmodels.models.codes import vqvae
from vizmodels.models.codes.quantizer import Quantizer
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.layers import Permute
from vizmodels.models.trainable import Batch
from vizmodels.specs import VQVAESpec

SHAPE = (1, 8, 8)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int = 20) -> Tensor:
    return torch.randint(0, 256, (n, *SHAPE), generator=seeded(1)).to(torch.uint8)


def new(**knobs: object) -> VQVAE:
    """A small one whose codebook has been started."""
    settings = {"codebook_size": 12, "code_dim": 3, "channels": 8, "n_residual": 1, **knobs}
    model = build_model(VQVAESpec(**settings), SHAPE, seeded())
    assert isinstance(model, VQVAE)
    model.start(pictures(), seeded(2))
    return model


def leaf_instead_of_the_encoder(model: VQVAE, x: Tensor) -> Tensor:
    """The encoder's vectors as a leaf that receives their gradient."""
    leaf = model.vectors(x).detach().requires_grad_()
    model.vectors = lambda _: leaf
    return leaf


def decoder_gradient(model: VQVAE, x: Tensor) -> Tensor:
    """Gradient of the mean reconstruction at the decoder's input, (N, cells, d)."""
    at_the_codes = model.embed(model.encode(x)).detach().requires_grad_()
    squared_error(x, torch.sigmoid(model.decoder(at_the_codes))).mean().backward()
    assert at_the_codes.grad is not None
    return at_the_codes.grad.view(len(x), -1, model.quantizer.code_dim)


def test_a_latent_is_the_grid_of_nearest_codes_in_reading_order() -> None:
    model, x = new(), pictures().float() / 255
    codes = model.codes(x)
    assert codes.shape == (20, 2, 2) and codes.dtype == torch.int64
    assert torch.equal(model.encode(x), codes.flatten(1).float())
    flat = model.vectors(x).flatten(0, 1)
    assert torch.equal(codes.flatten(), torch.cdist(flat, model.quantizer.codebook).argmin(dim=1))


def test_the_vector_of_a_cell_is_the_encoders_at_that_place() -> None:
    model, x = new(), pictures(3).float() / 255
    before = list(model.encoder)[:-1]  # all but the last reordering
    grid = nn.Sequential(*before)(x)
    assert grid.shape == (3, 3, 2, 2)
    for row in range(2):
        for column in range(2):
            torch.testing.assert_close(
                model.vectors(x)[:, 2 * row + column], grid[:, :, row, column]
            )


def test_the_decoder_puts_the_vector_of_a_cell_at_its_place() -> None:
    model = new()
    start = nn.Sequential(*list(model.decoder)[:3])
    vectors = torch.randn(3, 4, 3, generator=seeded())
    grid = start(vectors.flatten(1))
    expected = vectors.view(3, 2, 2, 3).permute(0, 3, 1, 2)
    assert torch.equal(grid, expected)


def test_a_latent_is_embedded_as_the_vectors_of_its_codes() -> None:
    model = new()
    latent = torch.tensor([[3.0, 0.0, 11.0, 3.0]])
    expected = model.quantizer.codebook[[3, 0, 11, 3]].flatten()
    assert torch.equal(model.embed(latent)[0], expected)
    assert model.embedding_dim == 12 and model.latent_dim == 4


def test_numbers_that_are_no_code_are_moved_to_the_nearest_one() -> None:
    model = new()
    latent = torch.tensor([[-5.0, 99.0, 2.4, 2.6]])
    assert torch.equal(model.embed(latent), model.embed(torch.tensor([[0.0, 11.0, 2.0, 3.0]])))


def test_a_place_is_decoded_as_the_nearest_codes() -> None:
    model, latent = new(), torch.tensor([[3.0, 0.0, 11.0, 3.0]])
    place = model.embed(latent)
    torch.testing.assert_close(model.decode_embedding(place + 1e-4), model.decode(latent))
    torch.testing.assert_close(model.decode_embedding(place), model.decode(latent))


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_the_terms_are_the_formulas(update: str) -> None:
    model, x = new(codebook_update=update, commitment_weight=0.5), pictures().float() / 255
    loss = model.losses(Batch.of(x), None)
    z, e = model.vectors(x), model.embed(model.encode(x)).view(20, 4, 3)
    distance = (z - e).square().mean(dim=(1, 2))
    expected = {"reconstruction": squared_error(x, model.decode(model.encode(x)))}
    if update == "gradient":
        expected["codebook"] = distance
    expected["commitment"] = distance
    assert loss.names == (*expected, "loss")
    for term in loss.terms:
        torch.testing.assert_close(term.values, expected[term.name])
    weights = {"reconstruction": 1.0, "codebook": 1.0, "commitment": 0.5}
    total = sum(weights[name] * values for name, values in expected.items())
    torch.testing.assert_close(loss.per_image, total)


def test_without_commitment_the_encoder_gets_exactly_the_decoders_gradient() -> None:
    model, x = new(commitment_weight=0.0), pictures().float() / 255
    expected = decoder_gradient(model, x)
    leaf = leaf_instead_of_the_encoder(model, x)
    model.losses(Batch.of(x), seeded()).per_image.mean().backward()
    assert leaf.grad is not None and expected.any()
    assert torch.equal(leaf.grad, expected)


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_the_encoder_gets_the_decoders_gradient_and_that_of_the_commitment(update: str) -> None:
    weight = 0.5
    model = new(codebook_update=update, commitment_weight=weight)
    x = pictures().float() / 255
    of_decoder = decoder_gradient(model, x)
    leaf = leaf_instead_of_the_encoder(model, x)
    e = model.embed(model.encode(x)).detach().view_as(leaf)
    model.losses(Batch.of(x), seeded()).per_image.mean().backward()
    of_commitment = weight * 2 * (leaf.detach() - e) / leaf.numel()
    assert of_commitment.abs().max() > 0.01 * of_decoder.abs().max(), "one would hide the other"
    torch.testing.assert_close(leaf.grad, of_decoder + of_commitment, atol=1e-9, rtol=1e-5)


def test_the_codebook_gets_exactly_the_gradient_of_its_own_term() -> None:
    model, x = new(codebook_update="gradient", commitment_weight=3.0), pictures().float() / 255
    z, codes = model.vectors(x).detach().flatten(0, 1), model.codes(x).flatten()
    model.losses(Batch.of(x), seeded()).per_image.mean().backward()
    expected = torch.zeros_like(model.quantizer.codebook)
    expected.index_add_(0, codes, 2 * (model.quantizer.codebook.detach()[codes] - z) / z.numel())
    assert expected.any()
    torch.testing.assert_close(model.quantizer.codebook.grad, expected, atol=1e-9, rtol=1e-5)


def test_a_step_moves_the_codes_after_the_vectors_it_saw() -> None:
    model, x = new(reset_dead_codes=False, decay=0.5), pictures().float() / 255
    z, codes = model.vectors(x).detach().flatten(0, 1), model.codes(x).flatten()
    twin = Quantizer(12, 3, decay=0.5, reset_dead_codes=False)
    twin.start_at(model.quantizer.codebook)
    model.losses(Batch.of(x), seeded())
    model.after_step(seeded())
    twin.learn(z, codes, seeded())
    torch.testing.assert_close(model.quantizer.codebook, twin.codebook)


def test_codes_drawn_by_their_distance_are_decoded_and_learned_from() -> None:
    model, x = new(assignment="distance_weighted"), pictures().float() / 255
    seen: list[Tensor] = []
    model.decoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    model.losses(Batch.of(x), seeded(3))
    drawn = model.quantizer.assign(model.vectors(x).flatten(0, 1), seeded(3))
    assert not torch.equal(drawn, model.codes(x).flatten())
    assert torch.equal(seen[0], model.quantizer.codebook[drawn].view(20, -1))
    assert model._seen is not None and torch.equal(model._seen[1], drawn)


def by_brightness() -> VQVAE:
    """Codes 0 to 3 for the mean of each 4×4 pixels, a quarter of the range each."""
    encoder = nn.Sequential(nn.AvgPool2d(4), Permute((1, 4), (1, 0)))
    quantizer = Quantizer(4, 1)
    quantizer.start_at(torch.tensor([[0.125], [0.375], [0.625], [0.875]]))
    return VQVAE(encoder, nn.Sequential(nn.Identity()), quantizer, (2, 2), 0.25, "data")


def of_brightness(*levels: int) -> Tensor:
    """As many pictures of each level, in this order."""
    return (
        torch.tensor(levels)
        .to(torch.uint8)
        .repeat_interleave(5)[:, None, None, None]
        .expand(-1, *SHAPE)
    )


@pytest.mark.parametrize("chunk", [2000, 10, 3])
def test_usage_and_perplexity_are_those_of_all_images_at_once(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vqvae, "CHUNK", chunk)
    dark, bright = of_brightness(10, 100), of_brightness(150, 250)
    model = by_brightness()

    def figures(images: Tensor) -> dict[str, float]:
        return {measure.name: measure.value for measure in model.measure(images)}

    for half in (dark, bright):
        assert figures(half) == pytest.approx({"usage": 0.5, "perplexity": 2.0})
    assert figures(torch.cat([dark, bright])) == pytest.approx({"usage": 1.0, "perplexity": 4.0})


def test_the_codes_of_many_images_are_those_of_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    model = new()
    whole = model.codes_of(pictures())
    monkeypatch.setattr(vqvae, "CHUNK", 3)
    assert torch.equal(model.codes_of(pictures()), whole)
    assert torch.equal(whole, model.codes(pictures().float() / 255))


def test_samples_have_codes_drawn_uniformly() -> None:
    model, n = by_brightness(), 4000
    model.latent_dim = 4
    drawn: list[Tensor] = []
    model.decode = lambda latents: drawn.append(latents) or torch.zeros(n, *SHAPE)
    model.sample(n, seeded())
    shares = torch.bincount(drawn[0].long().flatten(), minlength=4) / (4 * n)
    assert ((shares - 0.25).abs() < 4 * math.sqrt(0.25 * 0.75 / (4 * n))).all()


@pytest.mark.parametrize(
    ("shape", "grid", "expected"),
    [
        ((1, 8, 8), "half", (4, 4)),
        ((1, 28, 28), "quarter", (7, 7)),
        ((3, 64, 64), "eighth", (8, 8)),
        ((3, 30, 31), "quarter", (7, 7)),
    ],
)
def test_the_grid_has_the_side_that_its_name_says(
    shape: tuple[int, int, int], grid: str, expected: tuple[int, int]
) -> None:
    model = build_model(VQVAESpec(grid=grid, channels=4, n_residual=0), shape, seeded())
    assert isinstance(model, VQVAE)
    assert model.grid == expected
    assert model.latent_dim == math.prod(expected)


def test_pictures_too_small_for_a_grid_are_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidExperiment) as error:
        build_model(VQVAESpec(grid="eighth"), (1, 7, 9), seeded())
    assert str(error.value) == (
        "model.grid must be so that 7×9 pixels leave a code; got eighth. Choose a finer grid."
    )
