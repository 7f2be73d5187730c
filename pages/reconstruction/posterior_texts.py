"""What a posterior costs, beside the error of what has that cost."""

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
