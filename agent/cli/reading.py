"""How words are read, shown without sending anything: dry runs, replies, benchmark cases.

Everything happens in this process: no server is started or asked, no platform opened, no file written. Only a model is
asked, when one is named as the planner.
"""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.cli.keys import Planner, planner
from agent.cli.problems import DONE, Failure, usage
from agent.cli.sessions import show_line
from agent.cli.tables import show_json
from agent.understanding import read_instruction, read_reply
from agent.understanding.predict import predict_instruction, predict_reply, public

SHIPPED_MODELS = ("ember-1m", "ember-5m")
"""The local platform's own models: a dry run asks no platform which names there are."""


def dry_run(text: str, output: str) -> int:
    """What a session would understand: {"request", "missing", "questions"}, and what was refused or not held in words."""
    reading = read_instruction(text, SHIPPED_MODELS)
    found = {
        "request": reading.request.slots(),
        "missing": list(reading.missing),
        "questions": list(reading.questions),
        "refused": list(reading.refused),
        "notes": list(reading.notes),
    }
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
    plans = planner(command.planner)
    try:
        lines = Path(command.file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"{command.file} can't be read: {error}") from error
    if plans.name == "llm":
        return _by_model(plans, command, lines)
    predict = predict_instruction if command.kind == "instructions" else predict_reply
    for row in _cases(lines, command):
        with _case_of(command, row):
            show_line(predict(row))
    return DONE


def _by_model(plans: Planner, command: Namespace, lines: list[str]) -> int:
    """The same cases, read by a model."""
    from agent.planner import reading
    from agent.planner.endpoint import Endpoint
    from agent.planner.refusals import EndpointTrouble
    from agent.session.events import LlmChoice

    rows = list(_cases(lines, command))
    read = reading.instruction if command.kind == "instructions" else reading.reply

    async def run() -> None:
        endpoint = Endpoint(LlmChoice(url=plans.url, model=plans.model), plans.key)
        try:
            async for found in reading.read_cases(rows, read, endpoint):
                show_line(found)
        finally:
            await endpoint.close()

    try:
        with _case_of(command, {}):
            asyncio.run(run())
    except EndpointTrouble as trouble:
        raise Failure(
            str(trouble), next_step="Check FIREAGENT_LLM_URL, FIREAGENT_LLM_MODEL and FIREAGENT_LLM_KEY."
        ) from trouble
    return DONE


def _cases(lines: list[str], command: Namespace) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            with _case_of(command, {"line": number}):
                case = json.loads(line)
                if not isinstance(case, dict):
                    raise TypeError("no object")
            yield case


@contextmanager
def _case_of(command: Namespace, row: dict[str, Any]) -> Iterator[None]:
    """Says which case can't be read. Raises Failure."""
    try:
        yield
    except (KeyError, ValueError, TypeError) as error:
        where = f"line {row['line']}" if "line" in row else f"case {row.get('id', '?')}"
        raise usage(f"{command.file}, {where}: not a case of kind {command.kind}: {error!r}") from error
