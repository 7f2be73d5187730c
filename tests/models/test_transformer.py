import math

import pytest
import torch
from torch import Tensor, nn

from vizmodels.models.backbones import decoder_layers, encoder_layers, initialise
from vizmodels.models.layers import Attention, Permute, Positions, Residual, TopLeft
from vizmodels.models.transformer import GRID

SHAPES = [(1, 8, 8), (3, 8, 8), (1, 28, 28), (3, 32, 32), (1, 30, 31), (3, 31, 30), (1, 5, 7),
          (3, 64, 64)]  # fmt: skip
EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=str)
WIDTHS = (32, 32)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def both_sides(shape: tuple[int, int, int]) -> tuple[nn.Sequential, nn.Sequential]:
    encoder = encoder_layers("transformer", shape, 6, WIDTHS)
    decoder = decoder_layers("transformer", shape, 3, WIDTHS)
    for side in (encoder, decoder):
        initialise(side, seeded())
    return encoder.requires_grad_(False), decoder.requires_grad_(False)


def to_patches(encoder: nn.Sequential) -> nn.Sequential:
    """What comes before the first linear layer."""
    return nn.Sequential(*list(encoder)[:4])


def from_patches(decoder: nn.Sequential) -> nn.Sequential:
    """What comes after the last linear layer."""
    return nn.Sequential(*list(decoder)[-4:])


@EVERY_SHAPE
def test_pictures_become_outputs_and_latents_pictures(shape: tuple[int, int, int]) -> None:
    encoder, decoder = both_sides(shape)
    assert encoder(torch.rand(2, *shape, generator=seeded())).shape == (2, 6)
    assert decoder(torch.randn(2, 3, generator=seeded())).shape == (2, *shape)


@EVERY_SHAPE
def test_patches_put_together_again_are_the_picture(shape: tuple[int, int, int]) -> None:
    encoder, decoder = both_sides(shape)
    x = torch.rand(2, *shape, generator=seeded())
    patches = to_patches(encoder)(x)
    side = math.prod(math.ceil(edge / GRID) for edge in shape[1:])
    assert patches.shape == (2, GRID * GRID, shape[0] * side)
    assert torch.equal(from_patches(decoder)(patches), x)


def test_tokens_are_the_patches_in_reading_order() -> None:
    x = torch.rand(2, 3, 8, 8, generator=seeded())
    patches = to_patches(both_sides((3, 8, 8))[0])(x)
    for row in range(4):
        for column in range(4):
            patch = x[:, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            assert torch.equal(patches[:, 4 * row + column], patch.flatten(1))


def test_what_lies_beyond_the_edge_is_black_and_cut_off_again() -> None:
    x = torch.ones(1, 1, 3, 2)
    padded = TopLeft(4, 4)(x)
    assert torch.equal(padded[:, :, :3, :2], x) and padded.sum() == 6
    assert torch.equal(TopLeft(3, 2)(padded), x)


def test_permute_reads_values_as_a_shape_and_turns_its_axes() -> None:
    x = torch.arange(24.0).view(2, 12)
    expected = x.view(2, 3, 4).transpose(1, 2)
    assert torch.equal(Permute((3, 4), (1, 0))(x), expected)
    assert torch.equal(Permute((4, 3), (1, 0))(expected).reshape(2, 12), x)


@pytest.mark.parametrize("n_heads", [1, 2, 4])
def test_attention_is_that_of_torchs_own_module(n_heads: int) -> None:
    width, x = 16, torch.randn(3, 7, 16, generator=seeded())
    theirs = nn.MultiheadAttention(width, n_heads, batch_first=True).requires_grad_(False)
    into, out = nn.Linear(width, 3 * width), nn.Linear(width, width)
    initialise(nn.Sequential(into, out), seeded(1))
    theirs.in_proj_weight.copy_(into.weight)
    theirs.in_proj_bias.copy_(into.bias)
    theirs.out_proj.load_state_dict(out.state_dict())
    ours = nn.Sequential(into, Attention(n_heads), out)
    torch.testing.assert_close(ours(x), theirs(x, x, x, need_weights=False)[0])


def test_attention_is_the_softmax_weighted_mean_of_the_values() -> None:
    n_heads, width = 2, 3
    qkv = torch.randn(1, 4, 3 * n_heads * width, generator=seeded())
    q, k, v = qkv[0].view(4, 3, n_heads, width).unbind(1)
    expected = torch.zeros(4, n_heads, width)
    for head in range(n_heads):
        for token in range(4):
            meets = [(q[token, head] @ k[other, head]).item() for other in range(4)]
            weights = [math.exp(meet / math.sqrt(width)) for meet in meets]
            for other in range(4):
                expected[token, head] += weights[other] / sum(weights) * v[other, head]
    torch.testing.assert_close(Attention(n_heads)(qkv)[0], expected.flatten(1))


def blocks(encoder: nn.Sequential) -> nn.Sequential:
    return nn.Sequential(*(layer for layer in encoder if isinstance(layer, Residual)))


def test_every_token_sees_every_other() -> None:
    first_block = blocks(both_sides((1, 8, 8))[0])[:2]
    tokens = torch.randn(1, 16, 32, generator=seeded())
    before = first_block(tokens)
    for at in range(16):
        moved = tokens.clone()
        moved[0, at, 0] += 1  # layer normalisation would not see all features moved together
        assert ((first_block(moved) - before).abs().amax(dim=2) > 1e-6).all()


def test_blocks_do_not_know_where_a_token_stands() -> None:
    both = blocks(both_sides((1, 8, 8))[0])
    tokens, order = (
        torch.randn(1, 16, 32, generator=seeded()),
        torch.randperm(16, generator=seeded()),
    )
    torch.testing.assert_close(both(tokens[:, order]), both(tokens)[:, order])


def test_positions_add_a_vector_of_its_own_to_each_token() -> None:
    positions = Positions(16, 32)
    initialise(positions, seeded())
    added = positions(torch.zeros(2, 16, 32))
    assert torch.equal(added[0], added[1])
    assert len({tuple(row) for row in added[0].tolist()}) == 16
    assert added.std().item() == pytest.approx(0.02, rel=0.1)


def test_a_block_is_attention_then_a_feed_forward_part_each_added_to_its_input() -> None:
    attention, forward = blocks(both_sides((1, 8, 8))[0])[:2]
    x: Tensor = torch.randn(1, 16, 32, generator=seeded())
    for residual in (attention, forward):
        assert isinstance(residual.layers[0], nn.LayerNorm), "before each part, not after"
        torch.testing.assert_close(residual(x) - x, residual.layers(x), atol=1e-6, rtol=1e-5)
