"""A prior over codes drawing pictures token by token, slowly enough to be watched."""

import math
import time

import streamlit as st

from pages.parts.frame.pictures import ink, show_sheet, show_svg
from pages.parts.process.cache import CACHE
from pages.parts.process.shared import atlas
from vizmodels.analysis.codes.code_sampling import (
    TokenStep,
    code_colours,
    code_pictures,
    decode_codes,
    sample_tokens,
)
from vizmodels.analysis.pictures.samplers import SamplerName, code_prior
from vizmodels.errors import LatentariumError
from vizmodels.figures.images import tile_sheet
from vizmodels.figures.live import chances_svg
from vizmodels.models.codes.code_prior import CodePrior
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.runs.run import Run

WATCHED_SECONDS = 4.0  # for all tokens of a grid, if the network is as fast
LONGEST_STEP_SECONDS = 0.4  # where a grid has few cells
FRAME_SECONDS = 0.06  # between two pictures, which the browser has to keep up with
WIDEST, WIDEST_CHANCES = 360, 480  # px
N_PICTURES = (1, 4, 16)
ANY_CLASS = "any"
PRIOR_NAMES: dict[SamplerName, str] = {
    "uniform": "Uniform",
    "marginal": "Marginal",
    "pixelcnn": "PixelCNN",
}


@st.fragment
def show_sampling(
    run_id: str,
    priors: tuple[SamplerName, ...] = ("pixelcnn",),
    first: SamplerName = "pixelcnn",
) -> None:
    """The controls and, once pressed, the grids filling cell by cell; the last ones stay.

    Parameters
    ----------
    run_id : of a VQ-VAE with a learned prior, or of one without
    priors : offered, as far as the run has them
    first : the one that is chosen at first where the run has no PixelCNN
    """
    run = atlas().run(run_id)
    assert isinstance(run.model, VQPrior | VQVAE)
    st.markdown("#### Sample token by token")
    st.caption(
        "In reading order, each code is drawn given those before it; what is not drawn yet is "
        "grey. Codes that lie close together have similar colours."
    )
    name = _pick_prior(run.model, priors, first)
    controls = st.columns([3, 2, 2, 2], vertical_alignment="bottom")
    temperature = controls[0].slider(
        "Temperature", 0.1, 2.0, 1.0, 0.1, key="temperature",
        help="The logits are divided by it: below 1 the likely codes become likelier still.",
    )  # fmt: skip
    with controls[1]:
        n = st.segmented_control("Pictures", N_PICTURES, default=4, required=True, key="n_samples")
    with controls[2]:
        label = _pick_class(run) if name == "pixelcnn" else None
    pressed = controls[3].button("Sample", key="sample", type="primary", width="stretch")
    film = _Film(run.model)
    if pressed:
        # Each press draws others; the first of a visit draws what everybody's first one does.
        seed = st.session_state["sampling_seed"] = st.session_state.get("sampling_seed", -1) + 1
        asked = {"temperature": temperature, "label": label, "on_token": film.watch}
        with st.spinner("Drawing token by token"):
            prior = _prior(run_id, atlas().run_key(run_id), name)
            last = sample_tokens(prior, n, seed, **asked)
        st.session_state["sampled"] = (run_id, last)
    elif st.session_state.get("sampled", ("",))[0] == run_id:
        film.draw(st.session_state["sampled"][1])


def _pick_prior(
    model: VQPrior | VQVAE, priors: tuple[SamplerName, ...], first: SamplerName
) -> SamplerName:
    """Which prior draws; there is nothing to choose of one."""
    has_learned = isinstance(model, VQPrior)
    offered = [name for name in priors if has_learned or name != "pixelcnn"]
    if len(offered) == 1:
        return offered[0]
    return st.segmented_control(
        "Prior",
        offered,
        default="pixelcnn" if has_learned else first,
        required=True,
        format_func=PRIOR_NAMES.__getitem__,
        key=f"prior_{len(offered)}",
        help="Every code alike; each as often as in the training images; or learned, given the "
        "codes before it.",
    )


@CACHE.cached
def _prior(run_id: str, key: str, name: SamplerName) -> CodePrior:
    """A prior over the run's codes; `key` only tells versions apart."""
    assert key.startswith(run_id)
    run = atlas().run(run_id)
    assert isinstance(run.model, VQPrior | VQVAE)
    return code_prior(
        run.model, name, atlas().data(run).train.images if name == "marginal" else None
    )


class _Film:
    """Places on the page that are drawn again and again, at a pace that can be watched."""

    def __init__(self, model: VQPrior | VQVAE) -> None:
        self.model, self.colours = model, code_colours(model)
        columns = st.columns([2, 2, 3])
        self.pictures, self.codes, self.chances = (column.empty() for column in columns)
        self.began = time.perf_counter()
        self.drawn_at = -math.inf

    def watch(self, step: TokenStep) -> None:
        """Wait until it is this step's turn, and draw it unless one was drawn just before."""
        each = min(LONGEST_STEP_SECONDS, WATCHED_SECONDS / step.n_tokens)
        turn = self.began + (step.position + 1) * each
        time.sleep(max(0.0, turn - time.perf_counter()))
        is_last = step.position + 1 == step.n_tokens
        if is_last or time.perf_counter() - self.drawn_at >= FRAME_SECONDS:
            self.drawn_at = time.perf_counter()
            self.draw(step)

    def draw(self, step: TokenStep) -> None:
        """The pictures so far, their codes, and what the last token was drawn from."""
        pictures = decode_codes(self.model, step.codes)
        cells = code_pictures(step.codes, self.colours, pictures.shape[2:])
        columns = math.isqrt(len(pictures))
        at = f"token {step.position + 1} of {step.n_tokens}"
        with self.pictures.container():
            st.caption("Pictures so far")
            show_sheet(tile_sheet(pictures, columns), f"Pictures at {at}", widest=WIDEST)
        with self.codes.container():
            st.caption("Their codes")
            show_sheet(tile_sheet(cells, columns), f"Codes at {at}", widest=WIDEST)
        bits, most = step.entropy_bits[0], math.log2(len(self.colours))
        chances, drawn = step.chances[0], int(step.drawn[0])
        title = f"{at.capitalize()}: {bits:.2f} bits of at most {most:.0f}"
        svg = chances_svg(chances, drawn, self.colours, title, ink())
        with self.chances.container():
            st.caption("Chances of the first picture's token, by code")
            text = f"Chances of {at}, entropy {bits:.2f} bits; code {drawn} was drawn"
            show_svg(svg, text, widest=WIDEST_CHANCES)


def _pick_class(run: Run) -> int | None:
    """The class that a prior which is told one is asked for; None where it may be any."""
    n_classes = run.model.prior.n_classes if isinstance(run.model, VQPrior) else 0
    if not n_classes:
        return None
    try:
        names = atlas().data(run).class_names
    except LatentariumError:  # sampling needs no images
        names = tuple(map(str, range(n_classes)))
    chosen = st.selectbox("Class", [ANY_CLASS, *names], key=f"class_{run.id}")
    return None if chosen == ANY_CLASS else names.index(chosen)
