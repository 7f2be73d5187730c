"""Whatever is done with a library, in whatever order and by however many, nothing is lost."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from library_orders import N_RUNS, orders_of_all, processes, run_of, try_together, versions_in

from vizmodels.errors import DamagedRun, NewerRun, UnknownRun
from vizmodels.runs.library import RunLibrary

N_LIBRARIES = 2
ENDINGS = {"damaged": DamagedRun, "later": NewerRun}
FEW = settings(
    max_examples=20, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(HealthCheck), stateful_step_count=20,
)  # fmt: skip


def test_servers_and_a_notebook_on_one_home_lose_no_run() -> None:
    with processes() as pool:

        @FEW
        @given(orders_of_all(), st.booleans())
        def attempt(orders: list[list[list[tuple[str, int]]]], exchange: bool) -> None:
            assert try_together(pool, orders, exchange) > 0

        attempt()


class OneLibrary(RuleBasedStateMachine):
    """Two libraries of one folder against a dictionary: number of a run -> what is known of it."""

    numbers = st.integers(0, N_RUNS - 1)
    which = st.integers(0, N_LIBRARIES - 1)

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="latentarium-model-"))
        self.path = self.folder / "runs"
        self.libraries = [RunLibrary(self.path) for _ in range(N_LIBRARIES)]
        self.ids = [run_of(number, 0).id for number in range(N_RUNS)]
        self.states: dict[int, str | int] = {}
        self.n_aside = self.version = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(number=numbers, at=which)
    def save(self, number: int, at: int) -> None:
        self.version += 1
        self.n_aside += self.states.get(number) in ENDINGS
        self.libraries[at].save(run_of(number, self.version))
        self.states[number] = self.version

    @rule(number=numbers, at=which)
    def delete(self, number: int, at: int) -> None:
        if number in self.states:
            self.libraries[at].delete(self.ids[number])
            del self.states[number]
        else:
            with pytest.raises(UnknownRun):
                self.libraries[at].delete(self.ids[number])

    @precondition(lambda self: any(isinstance(s, int) for s in self.states.values()))
    @rule(data=st.data(), name=st.sampled_from(["weights.safetensors", "evaluation.json"]))
    def damage(self, data: st.DataObject, name: str) -> None:
        whole = [n for n, state in self.states.items() if isinstance(state, int)]
        number = data.draw(st.sampled_from(whole))
        (self.path / self.ids[number] / name).unlink()
        self.states[number] = "damaged"

    @precondition(lambda self: any(isinstance(s, int) for s in self.states.values()))
    @rule(data=st.data())
    def let_a_later_version_write(self, data: st.DataObject) -> None:
        whole = [n for n, state in self.states.items() if isinstance(state, int)]
        number = data.draw(st.sampled_from(whole))
        folder = self.path / self.ids[number]
        text = (folder / "experiment.json").read_text()
        (folder / "new.json").write_text(text.replace("{", '{"flow": "planar",', 1))
        (folder / "new.json").replace(folder / "experiment.json")
        self.states[number] = "later"

    @rule(number=numbers, at=which)
    def set_aside(self, number: int, at: int) -> None:
        library, run_id, state = self.libraries[at], self.ids[number], self.states.get(number)
        if state is None:
            with pytest.raises(UnknownRun):
                library.set_aside(run_id)
        elif state == "later":
            with pytest.raises(NewerRun):
                library.set_aside(run_id)
        elif state == "damaged":
            assert library.set_aside(run_id) is not None
            del self.states[number]
            self.n_aside += 1
        else:
            assert library.set_aside(run_id) is None

    @rule(number=numbers, at=which)
    def load(self, number: int, at: int) -> None:
        library, run_id, state = self.libraries[at], self.ids[number], self.states.get(number)
        if isinstance(state, int):
            assert versions_in(library.load(run_id)) == {float(state)}
        else:
            error = UnknownRun if state is None else ENDINGS[state]
            with pytest.raises(error):
                library.load(run_id)

    @invariant()
    def every_library_lists_what_is_there(self) -> None:
        whole = {n: float(state) for n, state in self.states.items() if isinstance(state, int)}
        bad = {n: ENDINGS[state] for n, state in self.states.items() if isinstance(state, str)}
        for library in self.libraries:
            listed = {record.id: record.evaluation["loss"] for record in library.list()}
            assert listed == {self.ids[n]: version for n, version in whole.items()}
            unread = {run_id: type(error) for run_id, error in library.unreadable.items()}
            assert unread == {self.ids[n]: kind for n, kind in bad.items()}

    @invariant()
    def nothing_else_went_from_the_disk(self) -> None:
        aside = self.path / "damaged"
        assert (len(list(aside.iterdir())) if aside.is_dir() else 0) == self.n_aside


TestOneLibrary = OneLibrary.TestCase
TestOneLibrary.settings = FEW
