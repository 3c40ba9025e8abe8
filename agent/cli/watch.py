"""Shows a session while it goes on, until it waits for the user or has ended."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from agent.cli.client import Client
from agent.cli.http import Unreachable, stream
from agent.cli.problems import DONE, ENDED_BADLY, FAILED, Failure, answered

Show = Callable[[str], None]
PATIENCE = 5
"""Lost connections in a row before giving up."""


class Settled(NamedTuple):
    """How a session stands when nothing more comes by itself. `gate`: the digest of the open gate that was printed."""

    status: str
    last: int
    gate: str


def watch(client: Client, session: str, since: int, output: str) -> Settled:
    """Prints what comes until nothing more does. Raises Failure."""
    last, lost = since, 0
    with _progress(output) as progress:
        while True:
            try:
                for frame in stream(client.server, _path(session, output), last):
                    lost = 0
                    if frame.id is not None:
                        last = frame.id
                    if frame.kind == "done":
                        return _done(frame.data, output, last)
                    _show(frame.kind, frame.data, progress)
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


def _path(session: str, output: str) -> str:
    return f"/v1/sessions/{session}/events?format={output}&until_settled=1"


def _show(kind: str, data: str, progress: Show) -> None:
    if kind == "event":
        print(data, flush=True)
    elif kind == "progress":
        progress(data)
    elif kind == "stopped":
        raise Failure("the server was stopped", next_step="The session goes on with the next command.")
    elif kind == "error":
        raise answered(404, json.loads(data))


def _done(data: str, output: str, last: int) -> Settled:
    end: dict[str, Any] = json.loads(data)
    if output == "text":
        print(end["text"], flush=True)
    return Settled(str(end["status"]), last, str(end["gate"]))


@contextlib.contextmanager
def _progress(output: str) -> Iterator[Show]:
    """Passing progress: one live line on a terminal, plain lines in a pipe, nothing between JSON."""
    if output == "json":
        yield lambda text: None
    elif not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield lambda text: print(f"  {text}", flush=True)
    else:
        from rich.console import Console  # late: costs more than all the rest of the command
        from rich.text import Text

        console = Console(stderr=True, highlight=False, markup=False)
        with console.status("working ...") as line:
            yield lambda text: line.update(Text(" ".join(text.split())[: console.width - 4]))
