import pytest
from small_training import first_of

from vizmodels.data.bundled import digits
from vizmodels.data.image_set import ImageSet


@pytest.fixture(scope="session")
def data() -> ImageSet:
    """400 digits to train on and 100 to test on."""
    return first_of(digits(), 400, 100)
