"""A prompt that the tuned model is for: that of a held-out row. For the deployment's first question and the report's snippet."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

from tools.known import Known
from tuning.formats import prompt_of

ROWS = 50
MAX_BYTES = 8_000
"""Of the row that is taken; the plan's envelope bounds a probe's request to 10,000 bytes."""
GREETING = ({"role": "user", "content": "Hello! Please answer with one short sentence."},)

Messages = tuple[dict[str, str], ...]


def held_out_prompt(known: Known, workspace: Path) -> Messages:
    """Role and text of each message of the shortest of the first rows, so that a small context has room for an answer.

    Test rows go first, then those of validation and training; a greeting stands in where there are none. Raises OSError.
    """
    for role in ("test", "validation", "full"):
        part = known.material.part(role) if known.material else None
        path = workspace / part.path if part else None
        if path is None or not path.is_file():
            continue
        with path.open("rb") as file:
            rows = sorted((line for line in islice(file, ROWS) if len(line) <= MAX_BYTES), key=len)
        found = next((messages for line in rows if (messages := _messages(line))), None)
        if found:
            return found
    return GREETING


def _messages(line: bytes) -> Messages:
    """The row's prompt; nothing where it is no text, or in a file that somebody edited."""
    try:
        turns = prompt_of(json.loads(line))
        texts = tuple({"role": str(turn["role"]), "content": turn["content"]} for turn in turns)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()
    return texts if all(isinstance(turn["content"], str) for turn in texts) else ()
