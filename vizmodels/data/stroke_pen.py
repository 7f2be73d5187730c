"""The pen: bends skeletons as a hand does, and inks them as soft-edged grey pictures."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.data.stroke_glyphs import Allograph

Floats = NDArray[np.floating[Any]]  # float32 wherever it is large

IMAGE_SIZE = 28  # pixels, as MNIST
LINE_SIZE = 16.8  # px, longest side of a digit's line at scale 1; with its width, MNIST's 20 px
POINTS_PER_DIGIT = 96  # the longest line, some 60 px, then has a point every 0.65 px

# How far a hand strays, as standard deviations in units of the letter's height
POINT_JITTER = 0.027
END_JITTER = 0.03  # added to beginnings and ends: they overrun, or do not meet
STROKE_JITTER = 0.025  # of a whole stroke: the lifted pen comes down beside its aim
WARP = 0.04
ASPECT_SPREAD = 0.14  # of log(width)
TURN_SPREAD = 0.05  # rad; small, as it would pass for slant

FULL_WIDTH = 0.6  # letter heights; narrower allographs stray less sideways, as a stem does
LEAST_SIDEWAYS = 0.35  # of the jitter, for a bare stem

LEAST_ROUNDNESS = 0.5  # of a curve at style -1: an angular hand cuts corners, but is no polygon

# Pressure, relative to the digit's mean
PRESSURE_SPREAD = 0.1
TAPER_LENGTH = 0.12  # of the stroke's length
MOST_TAPER = (0.5, 0.7)  # at the beginning, at the end: the pen leaves faster than it lands

# Tremor, in px: what makes an edge rough; log-normal over digits, its tail cut
TREMOR_MEDIAN, TREMOR_LOG_SPREAD, TREMOR_MOST = 0.08, 0.5, 0.2
TREMOR_POINTS = 4  # neighbours that shake together

LEAST_RADIUS = 0.4  # px; a thinner line would break up between pixels
SOFTNESS = (1.0, 1.5)  # px from full ink to none; as many half-dark pixels as MNIST has
DARKNESS = (1.0, 1.2)  # of full ink, then clipped, so that only thin lines look grey

SMOOTH_UNION = 0.5  # px; spreads each point so that points 0.65 px apart become one line
IMAGES_PER_BATCH = 500  # keeps the largest array, points by pixels across, within 6 MB


@dataclass(frozen=True)
class PenLines:
    """Where the pen went, for N digits of M points each, in letter heights.

    Attributes
    ----------
    points : (N, M, 2), x to the right and y down
    pressure : (N, M), width of the line at each point, on any one scale per digit
    landings : (N, M), 1 where the pen comes down anew, else 0
    """

    points: Floats
    pressure: Floats
    landings: Floats

    def __post_init__(self) -> None:
        assert self.points.shape == (*self.pressure.shape, 2), self.points.shape
        assert self.landings.shape == self.pressure.shape, self.landings.shape


@dataclass(frozen=True)
class InkLines:
    """The lines on the sheet of pixels; the centre of pixel (row i, column j) is x = j, y = i.

    Attributes
    ----------
    points : (N, M, 2) px, x to the right and y down
    radius : (N, M) px, half the width of the line
    lengths : (N, M) px, length of line that each point stands for
    """

    points: Floats
    radius: Floats
    lengths: Floats

    def __post_init__(self) -> None:
        assert self.points.shape == (*self.radius.shape, 2), self.points.shape
        assert self.lengths.shape == self.radius.shape, self.lengths.shape
        assert self.points.dtype == self.radius.dtype == self.lengths.dtype == np.float32


def draw_lines(
    allograph: Allograph, style: Float32[np.ndarray, " N"], rng: np.random.Generator
) -> PenLines:
    """Lines of one allograph, written once for each value of `style` in [-1, 1]."""
    angular, ample = allograph.poses()
    n = len(style)
    towards_round = ((style + 1) / 2)[:, None, None]
    roundness = LEAST_ROUNDNESS + (1 - LEAST_ROUNDNESS) * towards_round
    width = np.ptp(np.concatenate([*angular, *ample])[:, 0])
    sideways = np.asarray([np.clip(width / FULL_WIDTH, LEAST_SIDEWAYS, 1), 1], dtype=np.float32)
    points: list[Floats] = []
    pressure: list[Floats] = []
    landings: list[Floats] = []
    counts = _points_per_stroke(angular, ample)
    for plain, curly, count in zip(angular, ample, counts, strict=True):
        straight, curved = _spline_weights((plain + curly) / 2, count)
        control = plain + towards_round * (curly - plain)
        control += sideways * _draw_jitter(n, len(plain), rng)
        points.append(straight @ control + roundness * ((curved - straight) @ control))
        pressure.append(_draw_pressure(n, count, rng))
        landings.append(np.repeat(np.eye(1, count, dtype=np.float32), n, axis=0))
    return PenLines(*(np.concatenate(parts, axis=1) for parts in (points, pressure, landings)))


def _draw_jitter(n: int, n_control: int, rng: np.random.Generator) -> Floats:
    """Displacement (n, K, 2) of the control points of one stroke, in letter heights."""
    noise = rng.standard_normal((n, n_control + 2, 2), dtype=np.float32)
    # Neighbours stray together, else curves would look like polygons; 6^0.5 keeps variance 1
    jitter = POINT_JITTER * (noise[:, :-2] + 2 * noise[:, 1:-1] + noise[:, 2:]) / np.float32(6**0.5)
    jitter[:, [0, -1]] += END_JITTER * rng.standard_normal((n, 2, 2), dtype=np.float32)
    return jitter + STROKE_JITTER * rng.standard_normal((n, 1, 2), dtype=np.float32)


def _points_per_stroke(angular: list[Floats], ample: list[Floats]) -> list[int]:
    """Shares `POINTS_PER_DIGIT` out by the strokes' lengths."""
    lengths = [
        np.linalg.norm(np.diff((plain + curly) / 2, axis=0), axis=1).sum()
        for plain, curly in zip(angular, ample, strict=True)
    ]
    ends = np.rint(POINTS_PER_DIGIT * np.cumsum(lengths) / np.sum(lengths)).astype(int)
    return np.diff(ends, prepend=0).tolist()


def _spline_weights(control: Floats, count: int) -> tuple[Floats, Floats]:
    """Matrices (count, K) from control to even points: of a polyline, of a Catmull-Rom spline."""
    n_control = len(control)
    steps = np.linalg.norm(np.diff(control, axis=0), axis=1)
    along = np.pad(np.cumsum(steps), (1, 0))
    even = np.linspace(0, float(along[-1]), count)
    position: Floats = np.interp(even, along, np.arange(n_control))
    left = np.minimum(position.astype(int), n_control - 2)
    t = position - left
    rows = np.arange(count)
    straight = np.zeros((count, n_control), dtype=np.float32)
    straight[rows, left] = 1 - t
    straight[rows, left + 1] = t
    curved = np.zeros((count, n_control), dtype=np.float32)
    weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
    for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
        neighbour = np.clip(left + offset, 0, n_control - 1)  # an end is its own neighbour
        np.add.at(curved, (rows, neighbour), weight / 2)
    return straight, curved


def _draw_pressure(n: int, count: int, rng: np.random.Generator) -> Floats:
    """Pressure (n, count) along one stroke: slow changes, and ends that thin out."""
    t = np.linspace(0, 1, count, dtype=np.float32)
    waves = np.stack([np.cos(np.pi * k * t) / k for k in (1, 2, 3)])
    slow = PRESSURE_SPREAD * rng.standard_normal((n, 3), dtype=np.float32) @ waves
    ends = np.exp(-np.stack([t, 1 - t]) / TAPER_LENGTH)
    # squared: most ends are blunt
    taper = np.asarray(MOST_TAPER, dtype=np.float32) * rng.random((n, 2), dtype=np.float32) ** 2
    return (1 + slow) * (1 - taper @ ends)


def bend_lines(
    lines: PenLines, slant: Float32[np.ndarray, " N"], rng: np.random.Generator
) -> PenLines:
    """The lines as a hand bends them: warped, widened, turned, sheared by `slant` (rad)."""
    points = lines.points - lines.points.mean(axis=1, keepdims=True)
    n = len(points)
    x, y = np.pi * points[..., 0], np.pi * points[..., 1]
    # Slow waves over the sheet: lines bow, and one half of the digit gets more room than the other
    whole = [np.sin(y), np.cos(y), np.sin(x), x * np.sin(y) / 3]
    waves = np.stack([*whole, np.sin(2 * y) / 2, np.cos(2 * y) / 2], axis=-1)
    points += waves @ (WARP * rng.standard_normal((n, 6, 2), dtype=np.float32))
    points[..., 0] *= np.exp(ASPECT_SPREAD * rng.standard_normal((n, 1), dtype=np.float32))
    turn = TURN_SPREAD * rng.standard_normal((n, 1), dtype=np.float32)
    x, y = points[..., 0], points[..., 1]
    x, y = np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y
    x = x - np.tan(slant)[:, None] * y  # y is down: what is high moves to the right
    return PenLines(np.stack([x, y], axis=-1), lines.pressure, lines.landings)


def place_lines(
    lines: PenLines,
    thickness: Float32[np.ndarray, " N"],
    scale: Float32[np.ndarray, " N"],
    shift: Float32[np.ndarray, "N 2"],
    rng: np.random.Generator,
) -> InkLines:
    """The lines on the sheet: mean width `thickness` (px), longest side `scale` times `LINE_SIZE`.

    The line's centre, weighted by its width, lies `shift` (px, x and y) from the sheet's centre.
    """
    longest = np.ptp(lines.points, axis=1).max(axis=1)
    points = lines.points * (LINE_SIZE * scale / longest)[:, None, None]
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2)
    steps *= 1 - lines.landings[:, 1:]  # the way of the lifted pen counts nothing
    lengths = (np.pad(steps, ((0, 0), (1, 0))) + np.pad(steps, ((0, 0), (0, 1)))) / 2
    amount = lengths * lines.pressure
    mean_pressure = amount.sum(axis=1) / lengths.sum(axis=1)
    radius = (thickness / 2 / mean_pressure)[:, None] * lines.pressure
    centre = (amount[:, None] @ points) / amount.sum(axis=1)[:, None, None]
    points = points - centre + shift[:, None] + np.float32((IMAGE_SIZE - 1) / 2)
    shaking = TREMOR_MEDIAN * np.exp(
        TREMOR_LOG_SPREAD * rng.standard_normal((len(points), 1, 1), dtype=np.float32)
    )
    tremor = np.minimum(shaking, TREMOR_MOST) * _draw_tremor(len(points), rng)
    radius = np.maximum(radius + tremor[..., 2], LEAST_RADIUS)
    return InkLines(points + tremor[..., :2], radius, lengths)


def _draw_tremor(n: int, rng: np.random.Generator) -> Floats:
    """Noise (n, M, 3) of variance 1, shared by neighbouring points: of x, y and the radius."""
    n_draws = POINTS_PER_DIGIT + TREMOR_POINTS - 1
    noise = rng.standard_normal((n, n_draws, 3), dtype=np.float32)
    shared = np.stack([noise[:, k : k + POINTS_PER_DIGIT] for k in range(TREMOR_POINTS)])
    return shared.sum(axis=0) / np.float32(TREMOR_POINTS**0.5)


def ink_lines(lines: InkLines, rng: np.random.Generator) -> UInt8[Tensor, "N 1 H W"]:
    """Pictures of the lines, 255 on 0, with soft edges; cost: one matrix product per picture."""
    n = len(lines.points)
    softness = torch.as_tensor(rng.uniform(*SOFTNESS, (n, 1, 1)).astype(np.float32))
    darkness = torch.as_tensor(rng.uniform(*DARKNESS, (n, 1, 1)).astype(np.float32))
    pictures = torch.empty((n, 1, IMAGE_SIZE, IMAGE_SIZE), dtype=torch.uint8)
    for start in range(0, n, IMAGES_PER_BATCH):
        part = slice(start, start + IMAGES_PER_BATCH)
        distance = _edge_distance(
            *(torch.as_tensor(a[part]) for a in (lines.points, lines.radius, lines.lengths))
        )
        coverage = (0.5 - distance / softness[part]).clamp(0, 1)
        pictures[part, 0] = (255 * darkness[part] * coverage).clamp(max=255).round().to(torch.uint8)
    return pictures


def _edge_distance(points: Tensor, radius: Tensor, lengths: Tensor) -> Tensor:
    """Distance (N, H, W) px of each pixel from the ink's edge, negative inside.

    From the power distance d^2 - r^2 to the nearest point, which is 0 on the edge, as a smooth
    minimum: -2 s^2 log sum_m w_m exp((r_m^2 - d_m^2) / 2 s^2). A Gaussian of d is a product over
    x and y, so the sum is a matrix product instead of H x W x M distances.
    """
    pixels = torch.arange(IMAGE_SIZE, dtype=torch.float32)
    sharpness = 1 / (2 * SMOOTH_UNION**2)
    across = torch.exp(-sharpness * (points[:, :, :1] - pixels) ** 2)
    down = torch.exp(-sharpness * (points[:, :, 1:] - pixels) ** 2)
    # lengths over the Gaussian's integral: on an endless line the sum is exp((r^2 - d^2) / 2 s^2)
    weights = lengths * (sharpness / torch.pi) ** 0.5 * torch.exp(sharpness * radius**2)
    total = torch.bmm((down * weights[:, :, None]).transpose(1, 2), across)
    power_distance = -torch.log(total.clamp_min(torch.finfo(torch.float32).tiny)) / sharpness
    mean_radius = radius.mean(dim=1)[:, None, None]
    return (power_distance + mean_radius**2).clamp_min(0).sqrt() - mean_radius
