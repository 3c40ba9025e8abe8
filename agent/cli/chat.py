"""The free-text loop: what happens is printed as it comes, what the user types is the instruction or the next answer."""

from __future__ import annotations

import sys
from argparse import Namespace

from agent.cli.client import Client
from agent.cli.keys import access, planner
from agent.cli.problems import DONE, Failure, tell
from agent.cli.sessions import begin, say, session_path
from agent.cli.watch import exit_code, watch

GREETING = "Say what to fine-tune, in plain words. Ctrl-C or Ctrl-D leaves; the session goes on without you."


def chat(command: Namespace) -> int:
    """Talks until the input ends. The exit code is that of the last session.

    What the user says goes to the gate that was printed: one that opened meanwhile was not read and takes no yes.
    """
    way = access(command.api_key, command.platform_url, command.account_id)
    plans = planner(command.planner)
    client, session, last, gate, code = Client(), command.session, 0, "", DONE
    if session:
        client.call("GET", session_path(session))
    else:
        print(GREETING)
    while True:
        if session:
            status, last, gate = watch(client, session, last, "text")
            code = exit_code(status)
            if status != "waiting":
                session = ""
        text = _line()
        if text is None:
            return code
        try:
            if session:
                say(client, session_path(session), text, gate, way)
            else:
                session, last = begin(client, text, way, command.scope, None, plans), 0
                print(f"Session ID: {session}")
        except Failure as failure:
            tell(failure)


def _line() -> str | None:
    """The next line that says something; None at the end of the input."""
    while True:
        if sys.stdin.isatty():
            print("> ", end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            return None
        if line.strip():
            return line.strip()
