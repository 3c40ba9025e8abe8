"""API keys of sessions, in one file that only its owner can read. Sessions know an alias; keys leave only towards the platform."""

from __future__ import annotations

import hashlib
import json

from agent.server.home import Home, read_json, write_private


class Credentials:
    """Alias -> key. Read anew on each use, so a key that the user removed is gone at once."""

    def __init__(self, home: Home) -> None:
        self._path = home.credentials

    def get(self, *aliases: str) -> str | None:
        """The key of the first alias that has one, None when none has."""
        stored = read_json(self._path) or {}
        return next((key for key in map(stored.get, aliases) if isinstance(key, str) and key), None)

    def put(self, key: str, alias: str = "") -> str:
        """Stores a key and returns its alias; `alias` gives an existing one a new key. Raises OSError."""
        alias = alias or hashlib.sha256(key.encode()).hexdigest()[:8]
        stored = read_json(self._path) or {}
        if stored.get(alias) != key:
            write_private(self._path, json.dumps({**stored, alias: key}))
        return alias

    def drop(self, alias: str) -> None:
        """Forgets a key. Raises OSError."""
        stored = read_json(self._path) or {}
        if stored.pop(alias, None) is not None:
            write_private(self._path, json.dumps(stored))


def own_alias(alias: str, session: str) -> str:
    """Where one session keeps a later key in place of the one that it shares: other sessions keep theirs."""
    return f"{alias}/{session}"
