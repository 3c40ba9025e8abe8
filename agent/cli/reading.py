"""How words are read, shown without sending anything: dry runs, replies, benchmark cases.

Everything happens in this process: no server is started or asked, no platform opened, no file written.
"""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path

from agent.cli.problems import DONE, usage
from agent.cli.sessions import show_line
from agent.cli.tables import show_json
from agent.understanding import read_instruction, read_reply
from agent.understanding.predict import predict_instruction, predict_reply, public


def dry_run(text: str, output: str) -> int:
    """What a session would understand: {"request", "missing", "questions"}."""
    reading = read_instruction(text)
    found = {"request": reading.request.slots(), "missing": list(reading.missing), "questions": list(reading.questions)}
    if output == "json":
        show_json(found)
        return DONE
    print("Understood (nothing was sent):")
    for slot, value in reading.request.slots().items():
        print(f"  {slot}: {json.dumps(value, ensure_ascii=False)}")
    for line in (
        *(f"Missing: {slot}" for slot in reading.missing),
        *reading.questions,
        *reading.refused,
        *reading.notes,
    ):
        print(line)
    return DONE


def reply(command: Namespace) -> int:
    """How a reply at a gate would be read: {"label", "changes"}."""
    text = sys.stdin.read() if command.text == "-" else command.text
    read = read_reply(text, command.gate, command.context)
    if command.output == "json":
        show_json({"label": read.label, "changes": public(dict(read.changes))})
    else:
        print(f"{read.label}: {read.reason}")
        for slot, value in read.changes.items():
            print(f"  {slot}: {json.dumps(value, ensure_ascii=False)}")
    return DONE


def understand(command: Namespace) -> int:
    """Predictions for a file of benchmark cases, one JSON object a line."""
    predict = predict_instruction if command.kind == "instructions" else predict_reply
    try:
        lines = Path(command.file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"{command.file} can't be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            show_line(predict(json.loads(line)))
        except (KeyError, ValueError, TypeError) as error:
            raise usage(f"{command.file}, line {number}: not a case of kind {command.kind}: {error!r}") from error
    return DONE
