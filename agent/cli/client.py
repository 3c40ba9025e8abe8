"""A command's way to the server: one call, with the server started or found again where needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.cli.http import Server, Unreachable, request
from agent.cli.problems import Failure, answered
from agent.cli.start import server, start
from agent.server.home import default_home


class Client:
    """Talks to the server of this user's home."""

    def __init__(self) -> None:
        self.server: Server = server()

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON of a success. Raises Failure for anything else.

        A lost connection is tried once more: every request carries what makes its repetition harmless.
        """
        return self.answer(method, path, body, headers).json()

    def answer(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The whole answer of a success. Raises Failure."""
        try:
            found = request(self.server, method, path, body, headers)
        except Unreachable:
            self.again()
            try:
                found = request(self.server, method, path, body, headers)
            except Unreachable as error:
                raise Failure(str(error), next_step=f"Read {default_home().log}.") from error
        if found.status >= 300:
            raise answered(found.status, found.json())
        return found

    def again(self) -> None:
        """Finds the server again after a lost connection, or starts a new one."""
        found = server()
        self.server = start(default_home()) if found == self.server and not _listens(found) else found


def _listens(found: Server) -> bool:
    try:
        return request(found, "GET", "/v1/health").status == 200
    except Unreachable:
        return False
