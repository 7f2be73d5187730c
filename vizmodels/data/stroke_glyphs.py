"""The skeletons of the digits: every way of writing each of them, as a person's hand would.

Points lie on a sheet 100 units tall, x to the right, y down, in writing order; "/" lifts the pen.
A point written twice is a corner, where the pen stops. Each way of writing (an allograph) is given
in two poses with the same points, an economical, angular one and a round, ample one, and the
factor `style` moves between them. Drawn by hand for this project; nothing is traced from MNIST.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHEET_HEIGHT = 100.0


@dataclass(frozen=True)
class Allograph:
    """One way of writing one digit.

    Attributes
    ----------
    digit : 0 to 9
    share : how often it is written, relative to the other allographs of the digit, at style 0
    lean : how its share changes with style, as exp(lean · style)
    angular, round : control points "x,y x,y / x,y ..." at style -1 and style +1
    """

    digit: int
    share: float
    lean: float
    angular: str
    round: str

    def poses(self) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        """Control points (K, 2) of each stroke, in units of the letter's height: angular, round."""
        return _read_strokes(self.angular), _read_strokes(self.round)


def _read_strokes(text: str) -> list[NDArray[np.float32]]:
    """'x,y x,y / x,y x,y' as one array (K, 2) per stroke."""
    strokes = [
        [[float(value) for value in point.split(",")] for point in stroke.split()]
        for stroke in text.split("/")
    ]
    return [np.asarray(stroke, dtype=np.float32) / SHEET_HEIGHT for stroke in strokes]


# One pose below the other, point under point
# fmt: off
ALLOGRAPHS: tuple[Allograph, ...] = (
    # --- 0 ---
    # from the top, leftwards; the end misses or overruns the beginning
    Allograph(0, share=4.0, lean=0.0,
        angular="38,2 18,14 8,40 8,66 18,90 36,98 54,84 60,58 58,30 48,8 34,3",
        round="38,1 14,8 0,34 0,66 14,92 38,100 64,90 76,62 74,32 56,6 28,3"),
    # from the right shoulder, the end crosses the beginning
    Allograph(0, share=2.0, lean=0.3,
        angular="50,14 34,2 18,16 8,48 12,82 28,98 48,86 58,54 54,24 42,8 26,10",
        round="60,20 40,0 14,8 0,42 4,82 30,100 62,90 76,54 68,18 44,0 18,10"),
    # closed by a small loop at the top
    Allograph(0, share=1.2, lean=1.0,
        angular="44,4 22,10 8,44 12,82 30,98 52,84 60,50 54,18 42,4 38,12 50,12",
        round="46,4 16,6 0,38 4,80 30,100 62,88 74,50 66,16 46,2 32,14 52,20"),
    # clockwise, begun at the lower left
    Allograph(0, share=1.0, lean=-0.4,
        angular="14,70 8,42 18,12 36,2 52,14 58,44 54,78 38,98 22,94 12,76 8,60",
        round="10,80 0,46 10,12 36,0 64,10 76,44 68,82 42,100 18,94 2,70 0,54"),
    # --- 1 ---
    # a bare stem
    Allograph(1, share=6.0, lean=-0.3,
        angular="30,0 30,50 30,100",
        round="30,0 33,50 28,100"),
    # a stem with a soft hook at the foot
    Allograph(1, share=1.0, lean=0.8,
        angular="30,0 30,45 30,85 35,96",
        round="29,0 31,44 29,82 44,92"),
    # a flag
    Allograph(1, share=1.8, lean=0.0,
        angular="16,18 32,0 32,0 32,50 32,100",
        round="8,28 36,0 36,3 37,50 34,100"),
    # a flag and a foot
    Allograph(1, share=1.0, lean=0.0,
        angular="16,20 34,0 34,0 34,50 34,98 / 12,98 34,99 58,98",
        round="6,26 36,0 36,3 37,50 36,97 / 8,99 36,95 66,99"),
    # --- 2 ---
    # without a loop, the corner sharp as in Z
    Allograph(2, share=3.0, lean=-0.8,
        angular="8,18 28,2 52,8 54,30 34,62 4,98 4,98 34,96 66,95",
        round="4,26 24,0 58,6 64,34 42,66 4,96 6,96 36,92 72,98"),
    # a loop at the lower left
    Allograph(2, share=3.0, lean=0.8,
        angular="8,20 28,2 52,10 52,34 34,66 14,92 4,92 10,82 26,84 46,94 68,92",
        round="2,26 24,0 60,8 62,38 40,72 18,96 0,92 2,72 24,72 50,94 84,88"),
    # swan-necked, the foot a wave
    Allograph(2, share=2.0, lean=0.3,
        angular="6,24 20,6 40,2 54,16 46,42 26,70 6,92 6,92 22,88 42,96 66,90",
        round="8,36 12,8 40,0 64,16 54,46 30,72 4,94 10,90 28,84 52,98 80,84"),
    # a small head on a long diagonal
    Allograph(2, share=1.0, lean=-0.3,
        angular="12,14 30,2 46,10 48,24 36,48 18,74 2,96 2,96 30,98 58,98",
        round="10,24 28,0 54,8 54,30 40,54 20,78 2,92 12,94 36,94 70,100"),
    # --- 3 ---
    # two bows meeting in a cusp
    Allograph(3, share=4.0, lean=0.0,
        angular="8,10 30,2 52,10 46,32 26,46 26,46 50,54 58,76 40,96 18,98 2,90",
        round="4,16 28,0 62,10 56,36 26,46 28,48 62,54 72,80 46,100 18,100 0,82"),
    # a flat top
    Allograph(3, share=1.0, lean=-1.0,
        angular="6,4 30,3 58,2 58,2 44,22 28,42 28,42 54,54 58,76 36,97 4,92",
        round="2,10 26,4 62,2 60,4 46,22 30,38 32,40 62,52 68,80 40,100 2,86"),
    # a small loop between the bows
    Allograph(3, share=1.8, lean=1.0,
        angular="8,12 30,2 52,12 46,34 30,46 24,44 34,44 54,58 56,80 34,97 4,90",
        round="4,18 32,0 64,12 56,36 30,52 18,46 34,40 66,56 70,84 38,102 0,84"),
    # shallow, the waist hardly drawn in
    Allograph(3, share=1.4, lean=0.0,
        angular="12,6 34,2 52,14 50,32 40,44 40,46 54,60 54,80 36,96 16,98 4,92",
        round="8,14 34,0 60,14 56,36 40,46 42,48 64,60 64,84 38,100 14,98 0,84"),
    # --- 4 ---
    # open, an L and a stem
    Allograph(4, share=3.0, lean=0.0,
        angular="14,4 10,26 6,52 6,52 30,52 62,50 / 54,8 52,40 50,70 48,100",
        round="18,2 8,24 4,50 10,58 36,56 76,46 / 62,4 60,40 56,70 50,102"),
    # open, one pull of the pen, the cup round and the stem returning
    Allograph(4, share=2.4, lean=0.6,
        angular="10,4 6,26 8,50 26,54 46,46 56,8 56,8 54,40 50,72 48,100",
        round="8,2 0,28 8,54 32,56 56,38 66,4 66,8 62,40 58,72 52,102"),
    # closed, a triangle and a stem
    Allograph(4, share=1.8, lean=-0.6,
        angular="48,2 26,32 2,64 2,64 32,64 68,63 / 50,2 49,34 48,68 47,100",
        round="48,0 22,28 0,60 6,68 36,66 78,60 / 52,4 52,36 50,70 46,102"),
    # closed in one pull, ending in the crossbar
    Allograph(4, share=0.8, lean=-0.4,
        angular="44,100 46,50 48,2 48,2 24,34 2,64 2,64 34,64 66,62",
        round="42,102 48,52 54,2 46,4 22,34 0,62 8,68 38,64 78,58"),
    # a Y on a leg, its arms meeting high
    Allograph(4, share=0.8, lean=0.2,
        angular="8,6 14,30 22,46 22,46 40,40 54,32 / 58,4 48,36 38,68 30,100",
        round="4,8 6,32 18,50 24,50 46,42 62,26 / 66,2 56,36 44,68 32,102"),
    # --- 5 ---
    # belly first, the cap added after
    Allograph(5, share=3.0, lean=0.0,
        angular="18,4 15,22 12,42 12,42 34,38 54,52 54,78 34,97 2,94 / 17,4 40,3 62,1",
        round="20,6 14,24 10,44 14,44 42,34 68,52 66,82 36,102 0,86 / 18,8 44,8 78,0"),
    # one pull from the end of the cap
    Allograph(5, share=2.4, lean=-0.2,
        angular="60,2 38,3 18,4 18,4 15,24 12,42 12,42 36,42 52,60 44,88 22,98 2,94",
        round="72,0 44,4 22,4 18,6 12,24 10,42 16,42 44,38 66,58 56,90 26,102 0,88"),
    # like an S
    Allograph(5, share=1.6, lean=0.6,
        angular="58,4 36,4 18,12 14,30 26,42 44,54 50,74 36,94 16,98 2,92",
        round="74,2 44,0 18,8 8,30 26,44 54,52 64,74 46,98 18,102 0,86"),
    # a long cap over a small belly
    Allograph(5, share=1.0, lean=-0.4,
        angular="72,0 46,4 22,8 22,8 18,30 14,50 14,50 32,48 44,60 42,82 26,97 4,98",
        round="84,-2 52,6 26,6 22,10 16,32 12,52 18,52 38,46 56,62 50,88 24,102 0,94"),
    # --- 6 ---
    # a curved back
    Allograph(6, share=4.0, lean=0.0,
        angular="44,2 26,20 12,46 6,72 14,94 32,98 46,86 46,70 32,62 16,70 8,82",
        round="58,2 28,16 6,46 0,76 14,98 42,100 62,84 56,64 34,58 12,70 4,88"),
    # a straight back, the loop flat
    Allograph(6, share=2.0, lean=-0.6,
        angular="34,0 22,28 12,56 6,82 14,98 34,98 50,86 48,74 34,70 18,78 10,88",
        round="40,0 22,26 8,54 2,80 12,100 40,100 62,84 56,66 36,62 14,76 8,92"),
    # a hooked top and an ample loop
    Allograph(6, share=1.4, lean=0.9,
        angular="50,10 40,2 24,14 12,40 8,70 18,94 36,98 50,82 46,62 30,56 12,70",
        round="64,14 46,-2 20,12 4,40 0,74 18,100 46,100 66,80 58,54 32,48 6,68"),
    # the loop ends inside, as a spiral
    Allograph(6, share=1.2, lean=0.5,
        angular="40,2 22,24 10,50 8,78 20,96 38,96 48,82 42,68 28,68 22,80 28,86",
        round="52,0 22,20 4,48 0,78 18,100 46,100 64,82 56,64 34,62 22,78 34,86"),
    # --- 7 ---
    # plain
    Allograph(7, share=4.0, lean=-0.2,
        angular="4,5 32,4 60,3 60,3 48,34 36,66 26,100",
        round="0,8 30,8 66,4 66,6 46,34 30,66 26,102"),
    # a bar through the leg
    Allograph(7, share=1.4, lean=0.0,
        angular="6,5 32,4 60,3 60,3 48,34 36,66 26,100 / 18,52 38,51 58,49",
        round="0,8 30,8 68,4 68,6 48,34 34,66 30,102 / 10,54 38,50 68,48"),
    # a serif hanging from the left end
    Allograph(7, share=1.6, lean=0.4,
        angular="6,20 6,5 6,5 32,5 62,4 62,4 48,36 38,68 30,100",
        round="2,30 6,8 10,6 36,8 72,2 70,6 50,38 38,68 34,102"),
    # a wave for a top, the leg bent
    Allograph(7, share=1.8, lean=0.7,
        angular="2,14 16,4 36,8 58,6 56,20 42,48 34,74 32,100",
        round="0,24 14,2 38,6 68,6 66,24 44,50 34,76 36,102"),
    # --- 8 ---
    # an S, then back up across it
    Allograph(8, share=4.0, lean=0.0,
        angular="48,10 30,2 14,14 18,32 36,50 48,72 38,94 20,98 8,84 18,64 36,44 50,22 48,8",
        round="62,16 36,-2 6,12 12,36 40,50 64,70 56,96 24,102 0,84 14,60 42,44 64,26 60,8"),
    # the other way round, begun at the left
    Allograph(8, share=1.2, lean=0.0,
        angular="14,12 34,2 48,14 42,34 24,52 10,74 18,94 38,98 50,82 40,60 22,44 12,26 16,10",
        round="8,14 36,-2 66,12 56,38 26,52 0,76 14,100 46,102 68,80 52,56 20,42 4,24 14,4"),
    # straight down the diagonal first, the top left open
    Allograph(8, share=1.6, lean=-0.5,
        angular="56,4 34,0 18,10 22,28 38,52 46,78 34,97 18,92 16,76 28,54 42,32 58,12",
        round="74,6 40,-2 12,10 16,32 44,54 60,80 40,102 12,96 8,74 28,52 50,32 76,14"),
    # two rings
    Allograph(8, share=1.2, lean=0.5,
        angular="34,2 16,12 16,32 32,44 46,30 44,9 30,3 / 32,46 9,62 12,86 30,98 50,86 48,60 30,45",
        round="36,0 8,8 8,34 34,46 62,34 58,8 32,0 / 36,46 4,58 2,88 32,102 68,88 64,58 32,44"),
    # --- 9 ---
    # a ring and a straight leg in one pull
    Allograph(9, share=3.6, lean=0.0,
        angular="50,14 34,4 14,14 8,34 20,46 38,38 52,12 52,12 50,40 47,70 44,100",
        round="62,16 40,-2 10,10 0,36 16,54 46,44 66,14 66,16 62,44 58,72 52,102"),
    # a curved leg
    Allograph(9, share=2.2, lean=0.7,
        angular="48,16 34,3 14,12 8,34 22,46 42,36 52,14 54,40 48,68 34,92 12,98",
        round="62,18 38,-2 8,10 0,36 20,54 50,42 66,18 70,44 62,76 40,100 4,96"),
    # the ring closed first, the leg added after
    Allograph(9, share=1.4, lean=-0.5,
        angular="50,8 32,4 12,16 10,36 26,44 46,32 52,10 / 54,6 50,38 44,70 38,100",
        round="62,8 34,-2 6,12 2,40 26,52 56,36 66,10 / 70,2 66,38 58,70 50,102"),
    # the back bent, leaning into the leg as in g
    Allograph(9, share=1.6, lean=0.1,
        angular="50,4 28,6 10,22 12,42 30,44 48,26 52,6 50,30 44,58 36,80 28,100",
        round="64,4 30,-2 2,20 6,48 32,50 58,30 68,6 66,34 58,62 44,84 24,102"),
)
# fmt: on
