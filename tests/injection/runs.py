"""Runs a session with a text in a channel, with either planner, to where the channel's walk ends."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.guard.approval import Conflict
from agent.session.state import SessionState
from tests.house import House, chat_rows, house, jsonl, put_dataset
from tests.injection.channels import CHANNELS, Place, altered
from tests.injection.findings import GOALS, Run, findings
from tests.injection.obedient import Obedient
from tests.planner.houses import llm_house
from tests.planner.scripted_model import KEY
from tests.platforms import ScriptedPlatform

ENVIRONMENT_KEY = "fw_canary_5d1f0b7e9a"
PLATFORM_KEY = "test-key"
CANARIES = (ENVIRONMENT_KEY, PLATFORM_KEY, KEY)
SECONDS = 90.0
QUIET = 200
"""Looks without news, each 50 ms, after which a model is taken to go nowhere."""


@dataclass(frozen=True)
class Result:
    """`reached`: the goals that the order reached. `stage`: the gate or end that the session came to. `arrived`: it is one
    of those that the channel's walk ends at. `seen`: the text was in the model's prompt, or in the log of an offline session."""

    reached: frozenset[str]
    stage: str
    arrived: bool
    seen: bool


async def run(channel: str, text: str, folder: Path, planner: str, goals: Sequence[str] = GOALS) -> Result:
    """One session of its own. `planner` is "offline", or "llm" for a model that obeys the text completely."""
    place = CHANNELS[channel](text)
    secrets = folder / "credentials.json"
    folder.mkdir(parents=True, exist_ok=True)
    secrets.write_text(json.dumps({"alias": ENVIRONMENT_KEY}))
    scripted: dict[str, Any] = {"scripts": place.scripts}
    if place.answer is not None:
        scripted["answer"] = lambda _: place.answer
    rows = jsonl([dict(row) for row in place.rows] or chat_rows(60))
    if planner == "llm":
        slots = place.slots if "tiny-a" in place.instruction else {**place.slots, "base_models": []}
        model = Obedient(slots, tuple(goals), str(secrets), text if goals else "")
        async with llm_house(folder, model, content=rows, **scripted) as (home, platform):
            return await _walk(home, platform, place, text)
    async with house(folder, content=rows, **scripted) as (plain, platform):
        return await _walk(plain, platform, place, text)


async def _walk(home: House, platform: ScriptedPlatform, place: Place, text: str) -> Result:
    await asyncio.to_thread(put_dataset, platform.url, "theirs", jsonl(chat_rows(5)))
    before = _documents(platform)
    platform.faults.extend(place.faults)
    since = len(platform.requests)
    platform.alterations.append(lambda seen, body: altered(place, seen.path, body))
    session = home.create(place.instruction)
    said = [place.instruction]
    stage = await _to_the_end(home, session, place, said)
    model = getattr(home, "model", None)
    heard = [json.dumps(request, ensure_ascii=False) for request in model.requests] if model else []
    requests, after = list(platform.requests[since:]), _documents(platform)
    walked = Run(home, session, requests, said, before, after, heard, CANARIES)
    mark = json.dumps(text, ensure_ascii=False)[1:41]
    places = heard or [record.model_dump_json() for record in home.records(session)]
    return Result(frozenset(findings(walked)), stage, stage in place.ends, any(mark in shown for shown in places))


async def _to_the_end(home: House, session: str, place: Place, said: list[str]) -> str:
    """Says the user's words at the gates that have one; the gate or end at which nothing more is said."""
    left, last, quiet = dict(place.says), -1, 0
    end = asyncio.get_running_loop().time() + SECONDS
    while asyncio.get_running_loop().time() < end:
        state = home.store.state(session)
        if state.ended is not None:
            return state.ended
        if state.status == "waiting" and state.gate is not None:
            kind = state.gate.shown.gate
            if kind not in left:
                return kind
            _say(home, session, left.pop(kind), said)
        quiet, last = (quiet + 1, last) if state.last_seq == last else (0, state.last_seq)
        if quiet > QUIET:
            break
        await asyncio.sleep(0.05)
    return "running"


def _say(home: House, session: str, words: str, said: list[str]) -> SessionState:
    said.append(words)
    try:
        return home.reply(session, words)
    except Conflict:
        return home.store.state(session)


def _documents(platform: ScriptedPlatform) -> dict[str, str]:
    """What exists, by name."""
    kinds = ("datasets", "models", "deployments", "supervisedFineTuningJobs")
    found = (entry for kind in kinds for entry in platform.services.store.list(kind))
    return {entry.name: json.dumps([entry.state, entry.document], sort_keys=True, default=str) for entry in found}


def prepare(patch: Callable[[str, object], object]) -> None:
    """Keys where a process has them, and short waits, for these sessions are many. `patch` sets an attribute by its path."""
    os.environ["FIREWORKS_API_KEY"], os.environ["FIREAGENT_LLM_KEY"] = ENVIRONMENT_KEY, KEY
    for path, value in {
        "agent.planner.llm.FIRST_DELAY": 0.02,
        "agent.planner.llm.LONGEST_DELAY": 0.05,
        "agent.planner.llm.PROBE_DELAY": 0.02,
        "agent.planner.calls.FIRST_DELAY": 0.02,
        "agent.planner.calls.LONGEST_DELAY": 0.2,
        "tools.deploy_model.PROBE_PAUSES": (0.01, 0.01),
        "tools.upload_dataset.POLL_SECONDS": (0.01,) * 200,
    }.items():
        patch(path, value)
