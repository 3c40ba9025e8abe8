"""Where things live: one folder per user with the log, the workspaces, the keys and the running server's address.

Standard library only, and little of it: the command line reads this on every start.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

VERSION = "0.1.0"
"""Of server and command line; when they differ, an idle server is restarted."""


class Home:
    """The paths of one home. Nothing is created before `make`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / "sessions.db"
        self.workspaces = path / "workspaces"
        self.credentials = path / "credentials.json"
        self.address = path / "server.json"
        self.token = path / "token"
        self.lock = path / "server.lock"
        self.log = path / "server.log"
        self.platform = path / "platform"
        self.platform_log = path / "platform.log"
        self.platform_owner = path / "platform.json"

    def make(self) -> None:
        """Creates the folder, readable by its owner alone. Raises OSError."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.workspaces.mkdir(exist_ok=True)

    def server(self) -> dict[str, Any] | None:
        """{"url", "pid", "version"} as the last server wrote it, or None. It may no longer run."""
        return read_json(self.address)


def default_home() -> Home:
    """FIREAGENT_HOME, else ~/.fireagent."""
    named = os.environ.get("FIREAGENT_HOME")
    return Home((Path(named) if named else Path("~/.fireagent")).expanduser().absolute())


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object of a small file; None when it is missing or is being replaced by a broken one."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_private(path: Path, text: str) -> None:
    """Replaces the file in one step; only its owner can read it, at no moment anyone else. Raises OSError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
