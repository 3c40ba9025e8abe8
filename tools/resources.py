"""Reading, creating and recognising resources of the platform through its SDK: what every platform tool does alike.

Documents are plain dicts with the API's own field names. The SDK does not check what it received, so readers here take
nothing for granted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from fireworks import (
    APIConnectionError,
    APIStatusError,
    ConflictError,
    FireworksError,
    NotFoundError,
    PermissionDeniedError,
)

from tools.base import ToolContext, ToolError
from tools.errors import NotJsonError, platform_errors, refused_by_guard, told
from tools.files import disk_errors
from tuning.plan import PlanItem, WireRequest

CLOCK_SKEW_SECONDS = 300.0
"""A resource may look this much older than our session before it counts as somebody else's."""
_ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_COLLECTIONS = {
    "datasets": ("datasets", "data set"),
    "models": ("models", "model"),
    "supervisedFineTuningJobs": ("supervised_fine_tuning_jobs", "training job"),
    "deployments": ("deployments", "deployment"),
}

Document = dict[str, Any]


class NotCreatedError(ToolError):
    """The guard did not let the create pass and the platform does not have the resource."""


def full_name(name: str, collection: str, account: str) -> str:
    """`accounts/A/<collection>/<id>` of a short id or a full name. Raises ToolError for anything else.

    Rules for ids: 1 to 63 of a-z, 0-9 and hyphen, a letter first, no hyphen last.
    """
    parts = name.strip().split("/")
    if len(parts) == 1:
        parts = ["accounts", account, collection, parts[0]]
    well_formed = len(parts) == 4 and parts[0] == "accounts" and parts[2] == collection
    if not (well_formed and _ACCOUNT.fullmatch(parts[1]) and _ID.fullmatch(parts[3])):
        word = _COLLECTIONS[collection][1]
        raise ToolError(
            f"{name[:100]!r} is not the name of a {word}",
            owner="yours",
            next_step=f"Write the id alone (a-z, 0-9, hyphens) or accounts/<account>/{collection}/<id>.",
        )
    return "/".join(parts)


def short_id(name: str) -> str:
    """The last part of a full name; a short id as it is."""
    return name.rsplit("/", 1)[-1]


def plan_item(context: ToolContext, item_id: str, *kinds: str) -> PlanItem:
    """The plan's item of that id. Raises ToolError when there is no plan, no such item, or it is of another kind."""
    plan = context.known.plan
    item = plan.item(item_id) if plan else None
    if item is None or item.kind not in kinds:
        wanted = " or ".join(kinds)
        raise ToolError(
            f"the plan has no {wanted} item {item_id[:80]!r}",
            owner="unknown",
            next_step="Name an item of the approved plan.",
        )
    return item


async def read(context: ToolContext, name: str) -> Document:
    """The resource of that full name. Raises ToolError, also when it is not there."""
    word = _COLLECTIONS[name.split("/")[2]][1]
    with platform_errors(f"reading the {word} {name}"):
        return await _get(context, name)


async def find(context: ToolContext, name: str) -> Document | None:
    """The resource of that full name, None when the platform does not have it. Raises ToolError for other trouble."""
    word = _COLLECTIONS[name.split("/")[2]][1]
    with platform_errors(f"looking for the {word} {name}"):
        try:
            return await _get(context, name)
        except NotFoundError:
            return None


async def _get(context: ToolContext, name: str) -> Document:
    _, account, collection, identifier = name.split("/")
    resource = getattr(context.platform, _COLLECTIONS[collection][0])
    return document(await resource.get(identifier, account_id=account))


async def fetch(context: ToolContext, url: str, target: Path, what: str) -> None:
    """Downloads a file behind a signed URL. Raises ToolError, also when the disk refuses it."""
    with platform_errors(f"downloading {what}"), disk_errors(what):
        target.parent.mkdir(parents=True, exist_ok=True)
        await context.blobs.get(url, target)


def document(answer: Any) -> Document:
    """An SDK answer as the JSON object it came from. Raises NotJsonError when it is none."""
    found = answer.to_dict(mode="json", warnings=False) if hasattr(answer, "to_dict") else answer
    if not isinstance(found, dict):
        raise NotJsonError("not a JSON object")
    return found


async def create(context: ToolContext, request: WireRequest, name: str) -> Document:
    """Sends exactly this request once; a conflict or a lost answer is settled by a look at what is there.

    Returns the resource that is now there with the configuration asked for. Raises ToolError when it was not created or
    another one stands under its name, NotCreatedError when the guard refused and nothing is there.
    """
    doing = f"creating {name}"
    try:
        answer = await context.platform.with_options(max_retries=0).post(
            request.path, body=request.body, options={"params": dict(request.query)}, cast_to=object
        )
        created = document(answer)
    except (FireworksError, json.JSONDecodeError) as error:
        return await _settle(context, request, name, error)
    if created.get("name") != name:
        raise ToolError(
            f"{doing}: the platform made {str(created.get('name'))[:120]!r} instead",
            owner="platform",
            next_step="Look at that resource; this session will not use it.",
        )
    return created


async def _settle(
    context: ToolContext, request: WireRequest, name: str, error: FireworksError | json.JSONDecodeError
) -> Document:
    """After a create without a clear answer: the resource if it is there and ours, else the error told in words."""
    problem = NotJsonError(str(error)) if isinstance(error, json.JSONDecodeError) else error
    refused = isinstance(problem, PermissionDeniedError) and refused_by_guard(problem)
    lost = isinstance(problem, ConflictError | APIConnectionError | NotJsonError) or (
        isinstance(problem, APIStatusError) and (problem.status_code >= 500 or problem.status_code == 408)
    )
    trouble = told(problem, f"creating {name}")
    if not (lost or refused):
        raise trouble from error
    found = await find(context, name)
    if found is not None:
        check_ours(context, request, name, found)
        return found
    if refused:
        raise NotCreatedError(trouble.message, owner=trouble.owner, next_step=trouble.next_step) from error
    raise trouble from error


def check_ours(context: ToolContext, request: WireRequest, name: str, found: Document) -> None:
    """Raises ToolError unless what stands under the name is what was asked for, made after it was asked for."""
    different = differences(wanted_document(request), found)
    made = seconds(found.get("createTime"))
    if made is not None and made < _began(context) - CLOCK_SKEW_SECONDS:
        different.append("createTime (older than this session)")
    if different:
        raise ToolError(
            f"{name} is there already but is not what this session asked for; it differs in {', '.join(different)}",
            owner="yours",
            next_step="It was left as it is. Rename or remove it, or start a new session.",
        )


def _began(context: ToolContext) -> float:
    """When the session began: no intent of it is older, however often a create is tried again."""
    began = as_number(context.history.get("created_at"))
    return context.now if began is None else began


def planned_request(context: ToolContext, name: str) -> WireRequest | None:
    """The request of the current plan that creates the resource of this name, None when none does."""
    for item in context.known.plan.items if context.known.plan else ():
        for attempt in range(1, item.attempts + 1):
            if item.resource(attempt) == name:
                return item.request_for(attempt, context.known.outputs())
    return None


def own_item(context: ToolContext, name: str, kind: Literal["train", "deploy"]) -> tuple[str, int]:
    """Item and attempt of a resource that this session made or meant to make; no item for one of an earlier plan.

    Raises ToolError for anything else: it is not the session's to touch.
    """
    known, collection = context.known, {"train": "supervisedFineTuningJobs", "deploy": "deployments"}[kind]
    for item in known.plan.items if known.plan else ():
        for attempt in range(1, item.attempts + 1):
            if item.kind == kind and item.resource(attempt) == name:
                return item.id, attempt
    if kind == "train" and name in known.jobs:
        return known.jobs[name].item, known.jobs[name].attempt
    earlier = name.startswith(f"accounts/{context.account}/{collection}/fa-{context.session}-")
    if earlier or (kind == "deploy" and name in known.deployments):
        return "", 1
    raise ToolError(
        f"{name[:200]} is not a {_COLLECTIONS[collection][1]} of this session, so it is left alone",
        owner="yours",
        next_step="See to it yourself.",
    )


def wanted_document(request: WireRequest) -> Document:
    """The resource that a create asks for: the body itself, or what the body wraps (data sets)."""
    body = request.body or {}
    wrapped = body.get("dataset")
    return wrapped if isinstance(wrapped, dict) else body


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any], path: str = "") -> list[str]:
    """Fields whose value is not what was asked for.

    As JSON mappings of protocol buffers print values: a default value (0, false, empty) may be left out, int64 are
    strings, floats may have lost digits. A deployment shape "default" stands for whatever the platform resolves it to.
    """
    return [f"{path}{key}" for key, value in wanted.items() if not _same(key, value, found.get(key))]


def _same(key: str, wanted: Any, found: Any) -> bool:
    if key == "deploymentShape" and wanted == "default":
        return True
    if isinstance(wanted, dict):
        return not differences(wanted, found if isinstance(found, dict) else {})
    if found is None:
        return not wanted
    if isinstance(wanted, bool) or isinstance(found, bool):
        return bool(wanted is found)
    if isinstance(wanted, int | float):
        number = as_number(found)
        return number is not None and abs(number - wanted) <= 1e-6 * max(abs(number), abs(wanted))
    return str(wanted) == str(found)


def as_number(value: Any) -> float | None:
    """A number that JSON gives as number or, for int64, as string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def seconds(stamp: Any) -> float | None:
    """RFC 3339 to seconds since the epoch; None when it is missing or unreadable."""
    try:
        return datetime.fromisoformat(str(stamp)).timestamp()
    except ValueError:
        return None
