from collections.abc import Iterator

import pytest
import torch
from small_training import VQ_EXPERIMENT, first_of

from vizmodels.data.bundled import digits
from vizmodels.data.image_set import ImageSet
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.runs.run import Run, train


@pytest.fixture(scope="session")
def data() -> ImageSet:
    """400 digits to train on and 100 to test on."""
    return first_of(digits(), 400, 100)


@pytest.fixture(scope="session")
def vq_run(data: ImageSet) -> Run:
    """The run of the VQ-VAE whose codes the small priors learn."""
    return train(VQ_EXPERIMENT, device="cpu", data=data)


@pytest.fixture(scope="session")
def vqvae(vq_run: Run) -> VQVAE:
    assert isinstance(vq_run.model, VQVAE)
    return vq_run.model


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Steps this small are taken sooner by one thread than by several that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
