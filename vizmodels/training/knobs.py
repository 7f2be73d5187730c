"""The knobs of a training that is going on: by plan or by hand, every move is recorded."""

from vizmodels.errors import LatentariumError
from vizmodels.experiment import MAX_MOVES, Experiment, Knob, Move
from vizmodels.models.probabilistic import ProbabilisticAutoencoder
from vizmodels.models.trainable import Trainable
from vizmodels.training.control import Turn
from vizmodels.training.step import TrainingStep


class Knobs:
    """KL weight, noise weight and learning rate of a run, and the record of their moves.

    Parameters
    ----------
    experiment : whose moves are the plan
    model, step : what the knobs act on
    moves : the history's record, appended to
    """

    def __init__(
        self, experiment: Experiment, model: Trainable, step: TrainingStep, moves: list[Move]
    ) -> None:
        self.experiment, self.model, self.step, self.moves = experiment, model, step, moves
        self.values = {knob: experiment.value_of(knob) for knob in experiment.movable_knobs}
        self.last_turn = 0
        self._plan = list(experiment.training.moves)

    def follow_plan(self, steps_done: int) -> None:
        """Make the moves that the experiment has for this step."""
        while self._plan and self._plan[0].step <= steps_done:
            self._make(self._plan.pop(0))

    def turn(self, turns: tuple[Turn, ...], steps_done: int) -> None:
        """Make the moves that were asked for and not made yet; one that cannot be, or that would
        be one too many, is left out."""
        for turn in turns:
            if turn.number <= self.last_turn:
                continue
            self.last_turn = turn.number
            try:
                move = Move(step=steps_done, knob=turn.knob, value=turn.value)
            except LatentariumError:
                continue  # refused where it was asked for, unless an order was forged
            has_room = len(self.moves) + len(self._plan) < MAX_MOVES
            if has_room and self.values.get(turn.knob, move.value) != move.value:
                self._make(move)

    def restore(self, moves: list[Move], last_turn: int, steps_done: int) -> None:
        """Stand as after these moves, which become the record, and so many steps."""
        self.moves, self.last_turn = moves, last_turn
        for move in moves:
            self._set(move.knob, move.value)
        self._plan = [move for move in self._plan if move.step >= steps_done]

    def _make(self, move: Move) -> None:
        self._set(move.knob, move.value)
        self.moves.append(move)

    def _set(self, knob: Knob, value: float) -> None:
        self.values[knob] = value
        match knob:
            case "kl_weight":
                assert isinstance(self.model, ProbabilisticAutoencoder)
                self.model.kl_weight.fill_(value)
            case "noise_weight":
                self.step.set_noise_weight(value)
            case "learning_rate":
                self.step.set_learning_rate(value)
