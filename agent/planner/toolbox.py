"""The tools as a model sees them, and what each of its calls becomes: a step for the guard, or words why it can't be one.

Numbers that the log knows (revisions, rounds, which data set, which candidate) are no parameters: code fills them in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agent.guard.step import Decline, Finish, Run, Say, Step
from agent.guard.verdict import open_items
from agent.planner.slots import SlotError, slots_schema, understand
from agent.session.events import ModelCall
from agent.session.state import SessionState
from prompts.quoting import prose
from tools.base import ToolCall
from tools.catalog import CATALOG
from tools.known import SUCCEEDED, TERMINAL
from tuning.request import Request

HIDDEN: Mapping[str, tuple[str, ...]] = {
    "list_resources": (),
    "download_dataset": ("name",),
    "prepare_dataset": (),
    "estimate_cost": ("revision",),
    "present_plan": ("revision", "round"),
    "ask_user": ("key", "round"),
    "upload_dataset": (),
    "launch_job": (),
    "run_evaluator": (),
    "present_scoreboard": ("candidate", "round"),
    "deploy_model": (),
    "evaluate_model": (),
    "present_scores": (),
    "write_report": ("ended",),
}
"""Tool of the catalogue that a model may call -> arguments that code fills in. What stops things is not among them: only
the user's cancel does that, and it needs no model."""
TALK = frozenset({"say", "list_resources", "set_request", "user_changed_something"})
"""What may be called while the user is being asked."""
WAIT = "wait_for_jobs"
SAY = "say"
FINISH = "finish"
CHANGED = "user_changed_something"
REQUEST = "set_request"
MAX_ARGUMENTS = 20_000
"""Characters of one call's arguments that are read."""
_TOOLS = {tool.name: tool for tool in CATALOG if tool.name in HIDDEN}
CONCURRENT = frozenset(tool.name for tool in _TOOLS.values() if tool.concurrent)
"""Tools of which one answer's calls in a row run at the same time."""


def schemas() -> tuple[dict[str, Any], ...]:
    """The tools in the form of the chat completions API. Never changes while the program runs."""
    changes = slots_schema()
    said = {"text": {"type": "string"}}
    ended = {
        "outcome": {"type": "string", "enum": ["succeeded", "failed"]},
        "reason": {"type": "string", "description": "Why it failed; empty when it succeeded."},
    }
    return (
        schema(REQUEST, "Writes down what the user wants. Only slots that their words set; slots left out stay as "
                "they are, null clears one.", {"slots": changes}, strict=False),
        *(_offered(name) for name in HIDDEN),
        schema(WAIT, "Sleeps until a job or deployment of this session has news. Call it last.", {}),
        schema(SAY, "Tells the user something or answers their question. Asks nothing.", said),
        schema(CHANGED, "Only after the program read a yes: the user's message also holds a change, a condition or a "
                "doubt. Takes the yes back.", {"slots": {"type": "object", "description": "As in set_request."}},
                strict=False),
        schema(FINISH, "Ends the session: writes the report and the last words.", ended),
    )  # fmt: skip


def step_for(state: SessionState, key: str, call: ModelCall) -> Step:
    """What a call becomes. Calls that wait are not steps and are not asked about here."""
    arguments = _read(call.arguments)
    if isinstance(arguments, str):
        return Decline(key, call.name, arguments)
    if state.gate is not None and not _may_talk_over(state, call.name):
        return Decline(key, call.name, "the user is being asked; nothing goes on before their answer.")
    if call.name in (REQUEST, CHANGED):
        return _request(state, key, call.name, arguments)
    if call.name == SAY:
        return say(state, key, str(arguments.get("text", "")))
    if call.name == FINISH:
        return _finish(state, key, arguments)
    return _run(state, key, call.name, arguments)


def say(state: SessionState, key: str, text: str) -> Step:
    """Words to the user, as the answer to all that they have said so far."""
    words = prose(text)
    about = state.unanswered[-1].seq if state.unanswered else 0
    return Say(key, words, about) if words else Decline(key, SAY, "there are no words in it.")


def question(state: SessionState, key: str, text: str, asks_for: tuple[str, ...] = ()) -> Run:
    """A question of the model as a gate."""
    arguments = {"question": text, "asks_for": asks_for, "round": len(state.answers) + 1}
    return Run(ToolCall(key, "ask_user", arguments))


def _may_talk_over(state: SessionState, name: str) -> bool:
    """While a gate is open: words and the request. A question that the user has replied to holds nothing else up."""
    gate = state.gate
    replied = gate is not None and gate.shown.gate == "question" and state.last_user_seq > gate.seq
    return name in TALK or replied


def _request(state: SessionState, key: str, name: str, arguments: dict[str, Any]) -> Step:
    slots = arguments.get("slots", arguments)
    if not isinstance(slots, dict):
        return Decline(key, name, "slots must be an object.")
    if name == CHANGED and not _just_approved(state):
        return Decline(key, name, "the user's last message gave no yes that could be taken back; use set_request.")
    try:
        return understand(state, key, slots, withdraw=name == CHANGED)
    except SlotError as error:
        return Decline(key, name, str(error))


def _just_approved(state: SessionState) -> bool:
    return any(a.answer == "approve" and a.message == state.last_user_seq for a in state.answers)


def _run(state: SessionState, key: str, name: str, arguments: dict[str, Any]) -> Step:
    tool = _TOOLS.get(name)
    if tool is None:
        return Decline(key, name[:60], f"there is no tool of this name. There are: {', '.join(sorted(_names()))}.")
    hidden = HIDDEN[name]
    given = {k: v for k, v in arguments.items() if k not in hidden}
    filled = {**given, **_filled(state, name, given)}
    try:
        tool.arguments.model_validate(filled)
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, e['loc']))[:60]}: {e['msg']}" for e in error.errors()[:5])
        return Decline(key, name, f"the arguments can't be used: {reasons}")
    return Run(ToolCall(key, name, filled))


def _filled(state: SessionState, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What code knows better."""
    request = state.known.request
    match name:
        case "download_dataset":
            wanted = request.eval_dataset if given.get("role") == "eval" else request.train_dataset
            return {"name": wanted} if wanted else {}
        case "estimate_cost":
            return {"revision": max(1, state.revision)}
        case "present_plan":
            return {"round": sum(1 for a in state.answers if a.gate.gate == "plan") + 1}
        case "ask_user":
            return {"round": len(state.answers) + 1}
        case "present_scoreboard":
            named = _candidate(state)
            return ({"candidate": named} if named else {}) | {"round": len(state.answers) + 1}
        case _:
            return {}


def _candidate(state: SessionState) -> int | None:
    """The candidate that the user named: by code's reading, or, where no standing yes could take it up, by the model's."""
    board = state.known.scoreboard
    said = [a.candidate for a in state.answers if a.answer == "revise" and board and a.gate.digest == board.digest]
    if said and said[-1] is not None:
        return said[-1]
    standing = state.created is not None and state.created.approve_up_to_usd is not None
    return None if standing else state.known.request.candidate


def _finish(state: SessionState, key: str, arguments: Mapping[str, Any]) -> Step:
    """The end, when it is one: the report is written anew first, so that it tells how things stand at the end."""
    failed = arguments.get("outcome") == "failed"
    if state.active:
        return Decline(key, FINISH, f"{len(state.active)} jobs of this session still run; wait for them.")
    if failed and not _has_failures(state):
        return Decline(key, FINISH, "nothing has failed; ask the user if you can't go on.")
    if not failed and (left := open_items(state)):
        return Decline(key, FINISH, f"these are not finished: {', '.join(left[:12])}.")
    report = f"{key}/report"
    done = state.calls.get(report)
    if done is None or done.status == "pending":
        return Run(ToolCall(report, "write_report"))
    return Finish("failed", str(prose(str(arguments.get("reason", "")))[:500])) if failed else Finish("succeeded")


def _has_failures(state: SessionState) -> bool:
    lost = any(job.state in TERMINAL and job.state not in SUCCEEDED for job in state.known.jobs.values())
    return lost or any(d.state in ("FAILED", "DELETED", "DELETING") for d in state.known.deployments.values())


def _read(arguments: str) -> dict[str, Any] | str:
    """The arguments as an object, or why they are none."""
    if len(arguments) > MAX_ARGUMENTS:
        return f"the arguments have {len(arguments):,} characters; at most {MAX_ARGUMENTS:,} are read."
    try:
        found = json.loads(arguments.strip() or "{}", parse_constant=_no_number)
        if isinstance(found, str):  # some models write the object as a text once more
            found = json.loads(found.strip() or "{}", parse_constant=_no_number)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return "the arguments are no JSON object."
    found = {} if found is None else found
    return found if isinstance(found, dict) else "the arguments are no JSON object."


def _no_number(text: str) -> float:
    """NaN and Infinity are no JSON, and a limit of that kind would be none. Raises ValueError."""
    raise ValueError(text)


def _names() -> tuple[str, ...]:
    return tuple(str(tool["function"]["name"]) for tool in schemas())


def _offered(name: str) -> dict[str, Any]:
    tool = _TOOLS[name]
    described = tool.arguments.model_json_schema()
    properties = {
        field: {k: v for k, v in entry.items() if k in ("type", "enum", "items")}
        for field, entry in described.get("properties", {}).items()
        if field not in HIDDEN[name]
    }
    if "asks_for" in properties:
        properties["asks_for"]["items"] = {"type": "string", "enum": sorted(Request.model_fields)}
    return schema(name, tool.description, properties)


def schema(name: str, description: str, properties: dict[str, Any], *, strict: bool = True) -> dict[str, Any]:
    """One tool in the form of the chat completions API; `strict` asks the endpoint to hold its answers to it."""
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": {**function, "strict": True} if strict else function}
