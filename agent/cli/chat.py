"""The free-text loop: what happens is shown as it comes, what the user types is an instruction, an answer or a question.

On a terminal the user can type while the work goes on (`terminal.py`); from a pipe each message is taken when the session
waits for one. Either way a message answers only a question that was shown before it.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from agent.cli.client import Client
from agent.cli.keys import Planner, access, planner
from agent.cli.problems import DONE, Failure, tell
from agent.cli.sessions import begin, say, session_path
from agent.cli.typed import next_message
from agent.cli.watch import exit_code, watch

GREETING = "Say what to fine-tune, in plain words. /help tells the rest."
HELP = '''Anything else that you type goes to the session: an instruction, an answer, a change, a question, "stop".
  /new      begin another session with the next message; this one goes on by itself
  /cancel   end this session: what it runs is stopped
  /question on a terminal, show the open question again
  /quit     leave (as Ctrl-D, or Ctrl-C twice); the session goes on without you
Several lines: paste them, end a line with a backslash, or put the text between """ and """.'''


class Talk:
    """One user's side of the conversation: begins sessions and says things to them."""

    def __init__(self, client: Client, way: Any, scope: str, plans: Planner, session: str) -> None:
        self.client = client
        self.session = session
        self._way = way
        self._scope = scope
        self._plans = plans
        if session:
            client.call("GET", session_path(session))

    def take(self, text: str, seen: int) -> dict[str, Any] | None:
        """Delivers a message, or does what a command says; how the message was read, if it was one. Raises Failure, EOFError."""
        match text:
            case "/quit" | "/exit":
                raise EOFError
            case "/help" | "/?":
                print(HELP)
            case "/new":
                self.session = ""
                print(GREETING)
            case "/cancel":
                self._cancel()
            case _ if self.session:
                return say(self.client, session_path(self.session), text, "", self._way, seen)
            case _:
                self.session = begin(self.client, text, self._way, self._scope, None, self._plans)
                print(f"Session ID: {self.session}", flush=True)
        return None

    def status(self) -> str:
        """How the session stands; empty where none was begun. Raises Failure."""
        return str(self.client.call("GET", session_path(self.session))["status"]) if self.session else ""

    def _cancel(self) -> None:
        if not self.session:
            print("There is no session to cancel.")
            return
        self.client.call("POST", f"{session_path(self.session)}:cancel")
        print("Cancelling: what the session runs is stopped.", flush=True)


def chat(command: Namespace) -> int:
    """Talks until the user leaves. The exit code is that of the last session."""
    way = access(command.api_key, command.platform_url, command.account_id)
    plans = planner(command.planner)
    talk = Talk(Client(), way, command.scope, plans, command.session)
    if not talk.session:
        print(GREETING, flush=True)
    if sys.stdin.isatty() and sys.stdout.isatty():
        from agent.cli.terminal import converse  # late: only a terminal needs its libraries

        return converse(talk)
    return _line_by_line(talk)


def _line_by_line(talk: Talk) -> int:
    """A message whenever the session waits or has ended, until the input ends."""
    session, last, code = "", 0, DONE
    while True:
        if talk.session:
            last = last if talk.session == session else 0
            session = talk.session
            status, last = watch(talk.client, session, last, "text")
            code = exit_code(status)
        text = next_message(_line)
        try:
            if text is None:
                return code
            talk.take(text, last)
        except EOFError:
            return code
        except Failure as failure:
            tell(failure)


def _line() -> str | None:
    line = sys.stdin.readline()
    return line.rstrip("\r\n") if line else None
