"""How a job's process and the platform talk: through JSON files in the job's folder, and one kind of error."""

import json
from pathlib import Path
from typing import Any


class JobError(Exception):
    """A job that can't succeed, in words for its user. `code` is a google.rpc name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file's object; empty when there is no file."""
    document: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return document


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON file that readers see whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(document))
    partial.replace(path)
