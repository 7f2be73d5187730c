import math

import pytest

from vizmodels.analysis.latents.size import latent_size
from vizmodels.specs import AutoencoderSpec, DiscreteVAESpec, VAESpec, VQVAESpec

DIGIT = (1, 28, 28)


def test_a_vq_vae_has_a_code_for_each_cell_of_its_grid() -> None:
    size = latent_size(VQVAESpec(codebook_size=128), DIGIT, {})
    assert (size.n_symbols, size.n_values, size.n_floats) == (49, 128, 0)
    assert size.symbol_bits == 49 * 7
    assert size.kl_bits is None
    assert latent_size(VQVAESpec(codebook_size=512), (3, 32, 32), {}).symbol_bits == 64 * 9


def test_a_discrete_vae_has_variables_and_the_kl_of_both_kinds_in_bits() -> None:
    spec = DiscreteVAESpec(n_variables=1, n_classes=10, continuous_dim=2)
    size = latent_size(spec, DIGIT, {"kl_classes": math.log(2), "kl_axes": 3 * math.log(2)})
    assert size.symbol_bits == pytest.approx(math.log2(10))
    assert (size.n_symbols, size.n_floats) == (1, 2)
    assert size.kl_bits == pytest.approx(4)


def test_floats_have_no_bits_of_their_own_but_a_vae_has_its_kl() -> None:
    plain = latent_size(AutoencoderSpec(latent_dim=16), DIGIT, {})
    assert (plain.n_symbols, plain.n_floats, plain.symbol_bits) == (0, 16, 0)
    assert plain.kl_bits is None
    vae = latent_size(VAESpec(latent_dim=16), DIGIT, {"kl": 8 * math.log(2)})
    assert vae.kl_bits == pytest.approx(8)
