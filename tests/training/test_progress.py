import math

import numpy as np
import pytest
import torch
from small_training import CPU, FAMILIES, on_digits

from vizmodels.data.image_set import ImageSet
from vizmodels.models import build_model
from vizmodels.training import clock, loop
from vizmodels.training.evaluation import as_float
from vizmodels.training.loop import fit
from vizmodels.training.preview import PreviewMaker
from vizmodels.training.progress import History, Preview, Progress


@pytest.fixture(scope="module")
def reports(data: ImageSet) -> list[Progress]:
    """Every report of a run of 5 epochs of 4 steps, asked for at each step."""
    kept: list[Progress] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "FIRST_REPORT_SECONDS", 0.0)
        patch.setattr(clock, "REPORT_SECONDS", 0.0)
        patch.setattr(clock, "PREVIEW_SECONDS", 0.0)
        fit(on_digits(epochs=5), data, CPU, kept.append)
    return kept


def test_steps_rise_by_one_from_the_first_to_the_last(reports: list[Progress]) -> None:
    assert [report.step for report in reports] == list(range(1, 21))
    assert {report.n_steps for report in reports} == {20}


def test_the_fraction_is_the_share_of_steps_done(reports: list[Progress]) -> None:
    assert [report.fraction for report in reports] == [step / 20 for step in range(1, 21)]


def test_epochs_count_those_completed(reports: list[Progress]) -> None:
    assert [report.epoch for report in reports] == [step // 4 for step in range(1, 21)]
    assert {report.n_epochs for report in reports} == {5}


def test_every_term_of_every_report_is_finite(reports: list[Progress]) -> None:
    for report in reports:
        assert list(report.terms) == ["reconstruction", "kl", "loss"]
        assert all(math.isfinite(value) for value in report.terms.values())


def test_terms_carry_their_units(reports: list[Progress]) -> None:
    assert reports[-1].units == {
        "reconstruction": "squared error per pixel",
        "kl": "nats",
        "loss": "squared error per pixel",
        "reconstruction_of_draws": "squared error per pixel",
    }


def test_test_terms_come_after_each_epoch_and_only_then(reports: list[Progress]) -> None:
    with_test = [report.step for report in reports if report.test_terms]
    assert with_test == [4, 8, 12, 16, 20]
    assert list(reports[-1].test_terms) == [
        "reconstruction",
        "kl",
        "loss",
        "reconstruction_of_draws",
    ]


def test_the_time_left_ends_at_zero_and_the_rate_is_positive(reports: list[Progress]) -> None:
    assert reports[-1].seconds_left == 0
    assert all(report.seconds_left >= 0 for report in reports)
    assert all(report.images_per_second > 0 for report in reports)


def test_reports_are_rare_unless_an_epoch_ends(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "FIRST_REPORT_SECONDS", 1000.0)
    monkeypatch.setattr(clock, "REPORT_SECONDS", 1000.0)
    monkeypatch.setattr(clock, "PREVIEW_SECONDS", 1000.0)
    kept: list[Progress] = []
    fit(on_digits(epochs=3), data, CPU, kept.append)
    assert [report.step for report in kept] == [4, 8, 12]
    assert [report.preview is not None for report in kept] == [True, False, True]


def test_closed_form_reports_once_with_everything(data: ImageSet) -> None:
    kept: list[Progress] = []
    fit(on_digits(FAMILIES["linear"], epochs=1, solver="closed_form"), data, CPU, kept.append)
    (report,) = kept
    assert report.fraction == 1
    assert report.test_terms["reconstruction"] > 0
    assert report.preview is not None


def test_the_preview_shows_the_same_test_images_each_time(
    reports: list[Progress], data: ImageSet
) -> None:
    previews = [report.preview for report in reports if report.preview]
    assert len(previews) > 1
    for preview in previews:
        np.testing.assert_array_equal(preview.originals, data.test.images[:12].numpy())
        assert data.test.labels is not None and preview.labels is not None
        np.testing.assert_array_equal(preview.labels, data.test.labels.numpy())


def test_the_preview_of_two_axes_is_the_latents_themselves(data: ImageSet) -> None:
    model = build_model(FAMILIES["vae-mlp"], (1, 8, 8), torch.Generator())
    preview = PreviewMaker(data).make(model)
    x = as_float(data.test.images, model)
    with torch.no_grad():
        z = model.encode(x)
        expected = (model.decode(z[:12]) * 255).round()
    np.testing.assert_array_equal(preview.points, z.numpy())
    np.testing.assert_array_equal(preview.reconstructions, expected.numpy())


def test_the_preview_of_one_axis_lies_on_a_line(data: ImageSet) -> None:
    spec = FAMILIES["vae-mlp"].model_copy(update={"latent_dim": 1})
    points = PreviewMaker(data).make(build_model(spec, (1, 8, 8), torch.Generator())).points
    assert points.shape == (100, 2)
    assert points[:, 0].any() and not points[:, 1].any()


def test_the_preview_of_more_axes_keeps_the_variance_of_the_leading_two(data: ImageSet) -> None:
    spec = FAMILIES["vae-mlp"].model_copy(update={"latent_dim": 6})
    model = build_model(spec, (1, 8, 8), torch.Generator())
    points = PreviewMaker(data).make(model).points
    with torch.no_grad():
        z = model.encode(as_float(data.test.images, model)).double().numpy()
    expected = np.linalg.eigvalsh(np.cov(z.T, bias=True))[-2:].sum()
    assert points.var(axis=0).sum() == pytest.approx(expected, rel=1e-4)


def test_the_map_does_not_turn_when_the_leading_axes_change_places(data: ImageSet) -> None:
    points = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    uncorrelated = torch.linalg.qr(points - points.mean(dim=0)).Q
    maker = PreviewMaker(data)
    first = maker._on_map(uncorrelated * torch.tensor([3.0, 2.0, 1.0]))
    second = maker._on_map(uncorrelated * torch.tensor([2.0, 3.0, 1.0]))
    for before, after in zip(first.T, second.T, strict=True):
        assert torch.corrcoef(torch.stack([before, after]))[0, 1] > 0.999


def test_a_preview_of_the_wrong_shape_cannot_be_made() -> None:
    pictures, points = np.zeros((2, 1, 8, 8), np.uint8), np.zeros((5, 2), np.float32)
    with pytest.raises(AssertionError):
        Preview(pictures, pictures[:1], points, None)
    with pytest.raises(AssertionError):
        Preview(pictures, pictures, points, np.zeros(4, np.int64))


def test_history_has_a_row_every_few_steps_and_after_each_epoch(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "MAX_HISTORY_ROWS", 6)  # of 20 steps: one row each ⌈20/6⌉ = 4
    history = fit(on_digits(epochs=5), data, CPU).history
    assert history.steps == [4, 8, 12, 16, 20]
    monkeypatch.setattr(loop, "MAX_HISTORY_ROWS", 8)  # every 3 steps, and after each epoch of 4
    history = fit(on_digits(epochs=5), data, CPU).history
    assert history.steps == [3, 4, 6, 8, 9, 12, 15, 16, 18, 20]


def test_history_is_bounded_whatever_the_number_of_steps(data: ImageSet) -> None:
    history = fit(on_digits(batch_size=2, epochs=5), data, CPU).history
    assert 333 <= len(history.steps) <= loop.MAX_HISTORY_ROWS + 5
    assert len(history.train_rows) == len(history.steps)
    assert history.epochs == [1, 2, 3, 4, 5]


def test_history_rows_are_means_over_the_steps_since_the_one_before(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = fit(on_digits(epochs=2), data, CPU).history
    monkeypatch.setattr(loop, "MAX_HISTORY_ROWS", 2)
    every_four = fit(on_digits(epochs=2), data, CPU).history
    means = each.column("loss").reshape(2, 4).mean(axis=1)
    np.testing.assert_allclose(every_four.column("loss"), means, rtol=1e-5)


def test_history_read_from_its_arrays_is_the_same(data: ImageSet) -> None:
    history = fit(on_digits(), data, CPU).history
    arrays = history.to_arrays()
    assert all(array.dtype != object for array in arrays.values())
    assert History.from_arrays(arrays) == history


@pytest.mark.parametrize("damage", ["steps", "train_rows", "epochs", "test_rows", "names"])
def test_history_whose_rows_and_columns_do_not_match_is_refused(
    data: ImageSet, damage: str
) -> None:
    arrays = fit(on_digits(), data, CPU).history.to_arrays()
    arrays[damage] = arrays[damage][:-1]
    with pytest.raises(ValueError, match="rows and columns of the history do not match"):
        History.from_arrays(arrays)


def test_a_column_of_the_history_is_picked_by_its_name() -> None:
    history = History(("reconstruction", "loss"), ("a", "b"), [1], [[2.0, 3.0]], [1], [[4.0, 5.0]])
    assert history.column("loss").tolist() == [3.0]
    assert history.column("reconstruction", test=True).tolist() == [4.0]
