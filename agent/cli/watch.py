"""Shows a session while it goes on, until it waits for the user or has ended."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from agent.cli.client import Client
from agent.cli.http import Frame, Unreachable, stream
from agent.cli.problems import DONE, ENDED_BADLY, FAILED, Failure, answered

Show = Callable[[str, str], None]
"""(kind, text) of what passes: see `agent/server/stream.py`."""
PATIENCE = 5
"""Lost connections in a row before giving up."""
JOBS_SECONDS = 30.0
"""How often a pipe hears of the running jobs."""


class Settled(NamedTuple):
    """How a session stands when nothing more comes by itself."""

    status: str
    last: int


def watch(client: Client, session: str, since: int, output: str) -> Settled:
    """Prints what comes until nothing more does. Raises Failure."""
    last = since
    with _passing(output) as passing:
        for frame in frames(client, session, since, f"format={output}&until_settled=1"):
            last = frame.id if frame.id is not None else last
            if frame.kind in ("event", "gate", "moved"):
                print(frame.data, flush=True)
            elif frame.kind == "done":
                return _done(frame.data, output, last)
            else:
                passing(frame.kind, frame.data)
    raise AssertionError("a stream without an end gave none")


def frames(client: Client, session: str, since: int, query: str) -> Iterator[Frame]:
    """The frames of a session's stream up to its `done`, taken up again where a connection was lost. Raises Failure."""
    last, lost, path = since, 0, f"/v1/sessions/{session}/events?{query}"
    while True:
        try:
            for frame in stream(client.server, path, last):
                lost = 0
                last = frame.id if frame.id is not None else last
                if frame.kind == "stopped":
                    raise Failure("the server was stopped", next_step="The session goes on with the next command.")
                if frame.kind == "error":
                    raise answered(404, json.loads(frame.data))
                yield frame
                if frame.kind == "done":
                    return
        except Unreachable:
            pass  # taken up again where it broke; told below when that fails too often
        lost += 1
        if lost > PATIENCE:
            raise Failure("the stream was lost again and again", next_step="Read server.log in the home.")
        time.sleep(min(2.0, 0.1 * 2**lost))
        client.again()
        client.call("GET", f"/v1/sessions/{session}")


def exit_code(status: str) -> int:
    """0 for a session that is done or waits for its user, 1 for one that failed or was cancelled."""
    return FAILED if status in ENDED_BADLY else DONE


def _done(data: str, output: str, last: int) -> Settled:
    end: dict[str, Any] = json.loads(data)
    if output == "text":
        print(end["text"], flush=True)
    return Settled(str(end["status"]), last)


@contextlib.contextmanager
def _passing(output: str) -> Iterator[Show]:
    """What passes: one live line on a terminal, plain lines in a pipe, nothing between JSON."""
    if output == "json":
        yield lambda kind, text: None
    elif not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield _Lines().show
    else:
        from rich.console import Console  # late: costs more than all the rest of the command
        from rich.text import Text

        console = Console(stderr=True, highlight=False, markup=False)
        with console.status("working ...") as line:
            yield lambda kind, text: line.update(Text(" ".join(text.split())[: console.width - 4] or "working ..."))


class _Lines:
    """Plain lines: each step of a tool, the jobs now and then, and no words that come again as a whole."""

    def __init__(self) -> None:
        self._told = 0.0

    def show(self, kind: str, text: str) -> None:
        due = kind == "jobs" and bool(text) and time.monotonic() - self._told >= JOBS_SECONDS
        if kind == "progress" or due:
            print(f"  {text}", flush=True)
        if due:
            self._told = time.monotonic()
