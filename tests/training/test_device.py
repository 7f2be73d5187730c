import pytest
import torch

from vizmodels.errors import InvalidExperiment
from vizmodels.training.device import Compute, choose_compute


def test_the_cpu_is_always_there() -> None:
    assert choose_compute("cpu").device == torch.device("cpu")


def test_auto_takes_the_first_of_cuda_mps_and_cpu_that_is_here() -> None:
    if torch.cuda.is_available():
        expected = "cuda"
    else:
        expected = "mps" if torch.backends.mps.is_available() else "cpu"
    assert choose_compute("auto").device.type == expected


@pytest.mark.parametrize("device", ["quantum", "xpu", "", "cuda9"])
def test_an_unknown_device_is_refused_in_one_sentence(device: str) -> None:
    with pytest.raises(InvalidExperiment) as error:
        choose_compute(device)
    sentence = str(error.value)
    assert sentence.startswith("device must be auto or one of cpu")
    assert sentence.endswith(f" on this machine; got {device}. Choose auto.")


def test_a_device_that_is_not_here_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    sentence = r"^device must be auto or one of cpu on this machine; got cuda:0\. Choose auto\.$"
    with pytest.raises(InvalidExperiment, match=sentence):
        choose_compute("cuda:0")


@pytest.mark.parametrize(
    ("capabilities", "bfloat16"),
    [
        ({"amx_bf16": True}, True),
        ({"avx512_bf16": True}, True),
        ({"avx512_f": True, "avx2": True}, False),
        ({}, False),
    ],
)
def test_the_cpu_uses_bfloat16_only_where_it_has_units_for_it(
    capabilities: dict[str, bool], bfloat16: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert choose_compute("cpu").bfloat16 is bfloat16


@pytest.mark.parametrize(
    ("bfloat16", "dtype", "word"),
    [(True, torch.bfloat16, "bfloat16 autocast"), (False, torch.float32, "float32")],
)
def test_matrix_products_run_in_the_chosen_precision(
    bfloat16: bool, dtype: torch.dtype, word: str
) -> None:
    compute = Compute(torch.device("cpu"), bfloat16)
    with compute.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
    assert compute.precision == word
