"""A request as a model writes it down: slots of the one typed Request, checked before they count.

A model can only make the user's limits tighter: a higher budget or more jobs at once come from the user's words as code
reads them. The guard holds that too; here the rest of a request is kept where a limit in it goes too far.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agent.guard.step import Understand
from agent.session.events import GateRef, RequestUnderstood
from agent.session.state import SessionState
from agent.understanding import UnknownModel, read_instruction
from agent.understanding.questions import missing_inputs, questions_for
from tuning.models import all_ids, nearest, resolve
from tuning.request import Request
from tuning.workflows import MAX_ACTIVE_JOBS

LIMITS = ("budget_usd", "max_parallel_jobs")
SLOT_WORDS = {
    "workflow": "sft also for plain fine-tuning on examples; classification for labels, routing, intents; preference for "
    "preferred and rejected answers; rft for rewards; evaluator to write one without training; trajectories for a teacher's "
    "agent runs; question when nothing shall start; unsupported when the main wish is not served.",
    "train_dataset": "As written: full resource name, short id, or path of a file.",
    "eval_dataset": "A separate test or held-out set, as written.",
    "base_models": "Only models to be trained: never teachers, rivals, or those in use today.",
    "method": "Only when named for this run.",
    "evaluation": "generated: the agent shall write the scorer; rubric: judged by given criteria.",
    "subsample": "Rows for hyperparameter tuning, not the size of the data.",
    "train_fraction": "70/30 is 0.7; hold out 10% is 0.9.",
    "skip_sweep": "No hyperparameter tuning; one given configuration alone does not set it.",
    "sweep_base_models": "Preference only: no models named, find the best.",
    "labels": "As written, after corrections.",
    "merge_labels": "Pairs: a label, and the label that its rows get. All that stand, not only new ones.",
    "imbalance_threshold": "20:1 is 20.",
    "target": "Percent as a fraction. A rival without a number is no target.",
    "budget_usd": "This run's limit, not past or monthly spending.",
    "deploy": "false when declined or postponed.",
    "tasks": "Lower case.",
    "methods": "Lower case: react, cot, reflexion.",
    "candidate": "Number of the candidate that the user named at the promotion.",
}


class SlotError(ValueError):
    """The slots can't stand; the text tells the model why."""


def slots_schema() -> dict[str, Any]:
    """JSON schema of an object with any of the Request's slots; null clears one."""
    schema = Request.model_json_schema()
    properties = {}
    for name, entry in schema["properties"].items():
        kept = {key: value for key, value in entry.items() if key in ("type", "enum", "items", "anyOf", "$ref")}
        properties[name] = {**kept, "description": SLOT_WORDS[name]} if name in SLOT_WORDS else kept
    properties["merge_labels"]["items"] = {
        "type": "array",
        "items": {"type": "string"},
    }  # strict schemas know no tuples
    properties["target"] = _target(schema, properties["target"].get("description", ""))
    return {"type": "object", "properties": _plain(properties), "additionalProperties": False}


def _target(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    inner = schema["$defs"]["Target"]
    fields = {name: {k: v for k, v in entry.items() if k != "title"} for name, entry in inner["properties"].items()}
    return {
        "type": ["object", "null"],
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
        "description": description,
    }


def _plain(value: Any) -> Any:
    """`anyOf: [X, null]` as X alone: every slot may be null, and saying so thirty times costs tokens in every call."""
    if not isinstance(value, dict):
        return value
    options = [option for option in value.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        rest = {key: entry for key, entry in value.items() if key != "anyOf"}
        return _plain({**options[0], **rest})
    return {key: _plain(entry) for key, entry in value.items()}


def understand(state: SessionState, key: str, changes: Mapping[str, Any], *, withdraw: bool = False) -> Understand:
    """The step that writes the changed request down. `withdraw`: also when no slot changes. Raises SlotError."""
    request, unknown = changed(state.known.request, changes, state_limits(state), known_ids(state))
    if request == state.known.request and state.understood is not None and not withdraw and not unknown:
        raise SlotError("the request says exactly this already; nothing changed.")
    missing = missing_inputs(request)
    event = RequestUnderstood(
        request=request,
        missing=missing,
        questions=questions_for(request, missing, unknown),
        unknown_models=tuple(f"{m.written} (nearest: {', '.join(m.nearest)})" for m in unknown),
        source=state.last_user_seq,
        by="model",
        withdraws=standing_gates(state),
    )
    return Understand(key, event)


def standing_gates(state: SessionState) -> tuple[GateRef, ...]:
    """What rests on the request as it is: the open gate, and every yes that still counts."""
    plan, board = state.known.plan, state.known.scoreboard
    digests = {plan.digest() if plan else "", board.digest if board else ""} - {""}
    open_now = (state.gate.ref,) if state.gate else ()
    given = tuple(a.gate for a in state.answers if a.answer == "approve" and a.gate.digest in digests)
    return (*open_now, *given)


def changed(
    current: Request, changes: Mapping[str, Any], limits: Request, known: tuple[str, ...] = ()
) -> tuple[Request, tuple[UnknownModel, ...]]:
    """`current` with some slots replaced, and the model names that nobody knows. Raises SlotError."""
    fresh = Request()
    values = {name: getattr(fresh, name, None) if value in (None, [], "") else value for name, value in changes.items()}
    unknown: tuple[UnknownModel, ...] = ()
    names = values.get("base_models")
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        values["base_models"], unknown = _models(names, known)
    try:
        request = current.updated(values)
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, e['loc']))[:60]}: {e['msg']}" for e in error.errors()[:5])
        raise SlotError(f"these slots can't stand: {reasons}") from error
    return request.updated({slot: _tightest(slot, request, limits) for slot in LIMITS}), unknown


def _tightest(slot: str, request: Request, limits: Request) -> object:
    """The lower of both; without the user's word jobs at once stay under the default and a budget only restricts."""
    default = MAX_ACTIVE_JOBS if slot == "max_parallel_jobs" else None
    wanted, allowed = getattr(request, slot), getattr(limits, slot)
    if wanted is None:
        return allowed
    bound = allowed if allowed is not None else default
    return wanted if bound is None else min(wanted, bound)


def _models(names: list[str], known: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[UnknownModel, ...]]:
    """Canonical ids, and the names that fit none or several."""
    ids = tuple(dict.fromkeys((*all_ids(), *known)))
    found = {name: resolve(name, ids) for name in names}
    unknown = tuple(UnknownModel(name[:100], nearest(name, ids)) for name, model in found.items() if model is None)
    return tuple(dict.fromkeys(model for model in found.values() if model)), unknown


def state_limits(state: SessionState) -> Request:
    """The limits that the user's words set, as code reads them."""
    if state.understood is not None:
        return state.known.request
    return read_instruction(state.created.instruction if state.created else "").request


def known_ids(state: SessionState) -> tuple[str, ...]:
    return tuple(model.name.rsplit("/", 1)[-1] for model in state.known.models)
