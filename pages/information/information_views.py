"""What the page Information kept shows: judges side by side, sizes, and what gets lost."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.information.differences import show_differences
from pages.parts.frame.charts import show_chart
from pages.parts.frame.export import offer_export
from pages.parts.frame.notices import bound, drop_notices
from pages.parts.frame.pictures import show_sheet
from pages.parts.frame.plain import letter_by_letter
from pages.parts.models.data_gate import learned_from_todays
from pages.parts.models.judges import judge_of
from pages.parts.models.line_ups import default_run
from pages.parts.models.run_kinds import FAMILY_NAMES, autoencodes
from pages.parts.process.cache import CACHE
from pages.parts.process.shared import atlas, library, results
from pages.parts.results.answers import find, go_on_without
from vizmodels.analysis.intervals import mean_interval
from vizmodels.analysis.latents.size import latent_size
from vizmodels.analysis.pictures.information import (
    FIGURES,
    InformationKept,
    Lost,
    lost_images,
)
from vizmodels.figures.images import tile_sheet
from vizmodels.figures.information import (
    Accuracies,
    BySize,
    accuracies_figure,
    accuracy_by_size_figure,
    confusion_figure,
)
from vizmodels.models.classifier import Classifier
from vizmodels.results.question import Question
from vizmodels.results.questions import information, originals
from vizmodels.runs.library import RunRecord
from vizmodels.specs import AutoencodingSpec

JUDGES = {
    "on_reconstructions": "CNN trained on originals, reads reconstructions",
    "from_reconstructions": "CNN trained on reconstructions, reads originals",
    "within_reconstructions": "CNN trained on and reads reconstructions",
    "linear_probe": "Linear probe on the code",
    "nearest_neighbours": "5 nearest codes vote",
}
FIRST_JUDGES = ("on_reconstructions", "from_reconstructions", "linear_probe", "nearest_neighbours")
N_LOST = 16
BITS_PER_AXIS = 32  # as a float32
EACH = "half a minute to a minute"


def pick_dataset() -> str | None:
    """The image set whose models are compared: one with labels and runs."""
    records = [r for r in library().list() if autoencodes(r) and r.n_classes]
    names = sorted({r.experiment.dataset for r in records}, key=lambda name: name != "strokes")
    if not names:
        st.info("No model of labelled images is here yet. Train one on the page Train.")
        return None
    return bound("information_images", "The images", lambda: st.segmented_control(
        "Images", names, default=names[0], required=True, key="information_images",
        bind="query-params", on_change=drop_notices,
    ))  # fmt: skip


@st.fragment
def show_information(dataset: str) -> None:
    """Everything below the choice of images."""
    of_set = (r for r in library().list() if r.experiment.dataset == dataset)
    records = [r for r in of_set if autoencodes(r) and learned_from_todays(r)]
    if not records:
        st.info(f"The runs on {dataset} learned from other pictures of that name. Train one anew.")
        return
    records.sort(key=lambda r: (_bits(r), r.title))
    questions = {record.id: information(record) for record in records}
    found = zip(questions, find(list(questions.values())), strict=True)
    measured = {run_id: answer for run_id, answer in found if answer is not None}
    default = [r.id for r in records if r.id in measured] or [records[0].id]
    titles = {r.id: r.title.replace(f" · {dataset}", "") for r in records}
    chosen = st.multiselect(
        "Models",
        list(titles),
        default=default,
        format_func=titles.__getitem__,
        key=f"information_models_{dataset}",
        help=f"One that has not been measured yet takes {EACH} in the background.",
    )
    (in_pictures,) = find([originals(dataset)])
    missing = [questions[run_id] for run_id in chosen if run_id not in measured]
    _measure([*missing, originals(dataset)] if in_pictures is None else missing)
    shown = [r for r in records if r.id in chosen and r.id in measured]
    kept = [measured[r.id] for r in shown]
    if not shown:
        return
    _show_judges(shown, kept, [titles[r.id] for r in shown], in_pictures)
    if len(shown) > 1:
        show_differences(kept, [titles[r.id] for r in shown], JUDGES)
    _show_lost(shown, kept, titles)
    _offer(dataset, [titles[r.id] for r in shown], kept)


def _measure(missing: Sequence[Question[InformationKept]]) -> None:
    """On demand: it takes long."""
    if not missing:
        return
    label = f"Measure {len(missing)} missing" if len(missing) > 1 else "Measure it"
    if st.button(label, key="measure_information", help=f"{EACH} each, in the background"):
        st.session_state["measuring"] = [one.title for one in missing]
    asked = st.session_state.get("measuring", [])
    if running := [one for one in missing if one.title in asked]:
        go_on_without(running, EACH)


def _show_judges(
    shown: Sequence[RunRecord],
    kept: Sequence[InformationKept],
    names: Sequence[str],
    in_pictures: InformationKept | None,
) -> None:
    some = kept[0]
    st.caption(
        f"Each judge was trained on {some.n_train:,} training images and asked about "
        f"{some.n_test:,} test images, {len(some.seeds)} times with other seeds: the mean with "
        "its 95 % interval. Dashed: the same judge on the pictures themselves."
    )
    judges = st.pills(
        "Judges", list(JUDGES), default=list(FIRST_JUDGES), selection_mode="multi",
        format_func=JUDGES.__getitem__, key="judges",
    )  # fmt: skip
    rows = [_accuracies(name, kept, in_pictures) for name in JUDGES if name in judges]
    if rows:
        text = "Accuracy of each judge on each model"
        show_chart("information", text, accuracies_figure, names, rows)
    judge = st.selectbox("By size of the latent", list(JUDGES), format_func=JUDGES.get, key="sized")
    bits = np.array([_bits(r) for r in shown])
    accuracy = _accuracies(judge, kept, None)
    families: list[BySize] = []
    for family in dict.fromkeys(_kind(r) for r in shown):
        at = np.flatnonzero([_kind(r) == family for r in shown])
        at = at[np.argsort(bits[at], kind="stable")]
        families.append(BySize(family, bits[at], accuracy.means[at], accuracy.half_widths[at]))
    x_title = "size of the latent, bits (an axis counts as 32)"
    text = f"{JUDGES[judge]}: accuracy against the size of the latent"
    show_chart("information_by_size", text, accuracy_by_size_figure, families, x_title)


def _bits(record: RunRecord) -> float:
    """Of the latent as it would be stored, an axis as a float32."""
    spec = record.experiment.model
    assert isinstance(spec, AutoencodingSpec)
    size = latent_size(spec, record.image_shape, record.evaluation)
    return size.symbol_bits + BITS_PER_AXIS * size.n_floats


def _kind(record: RunRecord) -> str:
    spec, training = record.experiment.model, record.experiment.training
    if training.solver == "closed_form":
        return "PCA"
    noise = " · denoising" if training.noise_weight else ""
    return f"{FAMILY_NAMES[spec.family]} {spec.backbone}{noise}"


def _accuracies(
    name: str, kept: Sequence[InformationKept], in_pictures: InformationKept | None
) -> Accuracies:
    intervals = [mean_interval(getattr(one, name)) for one in kept]
    return Accuracies(
        JUDGES[name],
        np.array([interval.mean for interval in intervals]),
        np.array([interval.half_width for interval in intervals]),
        float("nan") if in_pictures is None else float(getattr(in_pictures, name).mean()),
    )


def _show_lost(
    shown: Sequence[RunRecord], kept: Sequence[InformationKept], titles: dict[str, str]
) -> None:
    st.markdown("#### What gets lost")
    ids, usual = [r.id for r in shown], default_run(shown)
    chosen = st.selectbox(
        "Model",
        ids,
        index=0 if usual is None else ids.index(usual.id),
        format_func=titles.__getitem__,
        key="lost_model",
    )
    at = ids.index(chosen)
    record, one = shown[at], kept[at]
    table, pictures = st.columns(2)
    names = atlas().data(atlas().run(record.id)).class_names
    with table:
        st.caption("Per cent of each class read as another from the reconstruction")
        text = f"Confusions of {record.title}"
        show_chart("confusion", text, confusion_figure, one.confusion, names)
    with pictures:
        judge = judge_of(record)
        if judge is None:
            st.info("Train a classifier on these images to see pictures that get lost.")
        else:
            _show_lost_pictures(record, judge, names)
    found = results().find_with_record(information(record))
    if found is not None and "measured_at" in found.record:
        seeds = ", ".join(map(str, one.seeds))
        st.caption(f"Measured {found.record['measured_at'][:10]} with seeds {seeds}.")


def _show_lost_pictures(record: RunRecord, judge: RunRecord, names: Sequence[str]) -> None:
    lost = _lost(record.id, atlas().run_key(record.id), judge.id)
    n = min(N_LOST, len(lost.indices))
    st.caption(
        f"{lost.share:.1%} of the test images that the classifier reads right are read wrong once "
        f"reconstructed. The first {n} of them, originals above:"
    )
    if not n:
        return
    pair = atlas().reconstructions(record.id)
    half = -(-n // 2)
    for part in (lost.indices[:half], lost.indices[half:n]):
        if len(part):
            both = np.concatenate([pair.originals[part], pair.pictures[part]])
            show_sheet(tile_sheet(both, len(part)), "Originals above what is left of them", 480)
    seen = ", ".join(names[label] for label in lost.seen[:n])
    st.caption(f"Read as {letter_by_letter(seen)}.")


@CACHE.cached
def _lost(run_id: str, key: str, judge_id: str) -> Lost:
    """What the run loses in the eyes of the classifier; `key` only tells versions apart."""
    assert key.startswith(run_id)
    pair, judge = atlas().reconstructions(run_id), atlas().run(judge_id).model
    labels = atlas().points(atlas().run(run_id).experiment.dataset).labels()
    assert isinstance(judge, Classifier) and labels is not None
    return lost_images(judge, pair.originals, pair.pictures, labels[: len(pair.originals)])


def _offer(dataset: str, names: list[str], kept: Sequence[InformationKept]) -> None:
    offer_export(
        f"information-{dataset}",
        lambda: {
            "model": [name for name, one in zip(names, kept, strict=True) for _ in one.seeds],
            "seed": np.concatenate([one.seeds for one in kept]),
            **{f: np.concatenate([getattr(one, f) for one in kept]) for f in FIGURES},
        },
        lambda: {
            "models": names,
            "confusion": np.stack([one.confusion for one in kept]),
            **{f: np.stack([getattr(one, f) for one in kept]) for f in FIGURES},
        },
    )
