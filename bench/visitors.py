"""Visitors without a browser: they speak to a served app over its websocket.

Streamlit's own messages are used, so a visitor costs the server what a browser's would, and this
process next to nothing.
"""

import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

ANSWER_LIMIT_S = 120
IDLE_S = 0.5  # over which what a process does by itself is measured
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Visitor:
    """One session with a served app, open while the block runs.

    Parameters
    ----------
    address : "http://127.0.0.1:<port>"
    page : its path in the address, "" for the first
    """

    def __init__(self, address: str, page: str = "") -> None:
        self._page = page
        self._socket = connect(
            f"{address.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            open_timeout=60,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._socket.close()

    def rerun(self, query: str = "") -> list[ForwardMsg]:
        """Ask for the whole page again; what the server sent until it was done."""
        asked = BackMsg()
        asked.rerun_script.query_string = query
        asked.rerun_script.page_name = self._page
        self._socket.send(asked.SerializeToString())
        answers: list[ForwardMsg] = []
        while True:
            answer = ForwardMsg()
            received = self._socket.recv(timeout=ANSWER_LIMIT_S, decode=False)
            answer.ParseFromString(received)
            answers.append(answer)
            if answer.WhichOneof("type") == "script_finished":
                return answers


def exceptions(answers: list[ForwardMsg]) -> list[str]:
    """What a page said that no page should say."""
    return [
        answer.delta.new_element.exception.message
        for answer in answers
        if answer.WhichOneof("type") == "delta"
        and answer.delta.new_element.WhichOneof("type") == "exception"
    ]


def cpu_seconds(process: int) -> float:
    """Processor time that a process has used so far, all its threads together."""
    with open(f"/proc/{process}/stat", encoding="utf8") as file:  # noqa: PTH123
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def cpu_ms_each(process: int, call: Callable[[], object], n: int) -> float:
    """Processor time a call costs the process, less what it uses by itself in the same time."""
    idle_began, idle_cpu = time.perf_counter(), cpu_seconds(process)
    time.sleep(IDLE_S)
    by_itself = (cpu_seconds(process) - idle_cpu) / (time.perf_counter() - idle_began)
    began, cpu = time.perf_counter(), cpu_seconds(process)
    for _ in range(n):
        call()
    used = cpu_seconds(process) - cpu - by_itself * (time.perf_counter() - began)
    return 1000 * used / n
