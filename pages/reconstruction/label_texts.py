"""What stands beside a model: what its posterior costs, and how it differs from model A."""

from collections.abc import Sequence

from vizmodels.analysis.intervals import mean_interval
from vizmodels.analysis.latents.size import LatentSize
from vizmodels.analysis.pictures.reconstruction_report import ReconstructionReport


def posterior_texts(size: LatentSize, report: ReconstructionReport) -> list[str]:
    """The KL with the error of draws, and the error of probabilities where there are classes."""
    if size.kl_bits is None:
        return []
    texts = [f"KL {size.kl_bits:.1f} bits: error {report.drawn_error.mean():.5f} of draws"]
    if size.n_symbols:
        n = size.n_symbols * size.n_values
        texts.append(f"of its {n} probabilities, relaxed: {report.relaxed_error.mean():.5f}")
    return texts


def difference_texts(
    before: Sequence[ReconstructionReport], report: ReconstructionReport
) -> list[str]:
    """The error less model A's, picture by picture, with its interval; nothing of A itself."""
    if not before:
        return []
    told = mean_interval(report.squared_error - before[0].squared_error)
    return [f"less A's, picture by picture: {told.mean:+.5f} ± {told.half_width:.5f}"]
