"""What every test starts from: a home of its own, and the real data where they are there."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# libgomp's threads spin while they wait unless told otherwise, before torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Shapes and types are checked on every call under test; the hook reaches only what is imported
# after it. The layers that hold tensors and arrays: pydantic checks the experiment by itself, and
# beartype cannot take the `Self` of its methods.
install_import_hook(
    [
        f"vizmodels.{layer}"
        for layer in ("data", "models", "training", "runs", "analysis", "figures")
    ],
    "beartype.beartype",
)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps runs, own images and caches out of the user's home."""
    monkeypatch.setenv("LATENTARIUM_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def real_data() -> Path:
    """The folder of the byte-exact MNIST and of CIFAR-10's pictures as JPEG files."""
    given = os.environ.get("LATENTARIUM_DATA")
    if given and (Path(given) / "MNIST" / "raw").is_dir():
        return Path(given)
    reason = "LATENTARIUM_DATA names no folder with the real MNIST/raw in it"
    if os.environ.get("LATENTARIUM_STRICT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
