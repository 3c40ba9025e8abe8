"""A plan: the complete list of what a session may do that costs or creates, fixed before the user is asked.

Only pure code compiles plans. What the user approves is `Plan.digest()`: the SHA-256 of the canonical JSON of everything
that decides effects and their price. A `PlanItem` carries the exact request that may go over the wire, so that approval of
a plan is approval of bytes and not of intentions.

What cannot be known beforehand is a typed hole. There is one kind so far: `{"$output": ITEM}` stands for the model that
ITEM's finished attempt wrote, and its possible values are the output models of ITEM's planned attempts, nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from tuning.request import Request
from tuning.workflows import Decision, Gate, LoraConfig

OUTPUT = "$output"


ChosenBy = Literal["user", "strongest", "validation", "test"]
"""How one of several alternatives comes to run: the user's word at a gate, the base models with the best accuracy, each
model's best configuration on the validation rows, the best tuned model on the test rows."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WireRequest(Frozen):
    """One HTTP request. `query` is sorted; `path` has no host and starts with /v1/."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: dict[str, Any] | None = None


class Upload(Frozen):
    """A file that becomes a new data set: exactly these bytes under exactly this id."""

    dataset_id: str
    file_name: str
    bytes: int
    sha256: str
    rows: int


class Envelope(Frozen):
    """Bounds of the inference an item may do. `model` may be a hole. `bytes` bounds the request bodies together."""

    model: str | dict[str, str]
    requests: int
    max_tokens: int
    bytes: int


class Interval(Frozen):
    """low <= truth <= high, as far as is known; both 0 where a thing is free."""

    low: float
    high: float

    def __add__(self, other: Interval) -> Interval:
        return Interval(low=round(self.low + other.low, 6), high=round(self.high + other.high, 6))

    def times(self, factor: float) -> Interval:
        """Both bounds by a factor of 0 or more."""
        return Interval(low=round(self.low * factor, 6), high=round(self.high * factor, 6))


ZERO = Interval(low=0.0, high=0.0)


class PlanItem(Frozen):
    """One effect. `cost` is in USD, None when no price is known; `minutes` is wall time of this item alone."""

    id: str
    kind: Literal["upload", "train", "deploy", "probe", "evaluate", "scale"]
    title: str
    phase: str
    gate: Gate
    needs: tuple[str, ...] = ()
    candidate: int | None = None
    alternative: bool = False
    """Of all alternatives only those of the chosen candidate may run."""
    chosen_by: ChosenBy = "user"
    """Who or what chooses among the alternatives; all but the user's choice is computed by `tuning/election.py`."""
    split: Literal["", "validation", "test"] = ""
    """Of an evaluate item: the rows that it asks about."""
    required: bool = True
    """The session is not done before it is finished (or waived by the user)."""
    resource_id: str
    request: WireRequest | None = None
    upload: Upload | None = None
    envelope: Envelope | None = None
    attempts: int = 1
    cost: Interval | None
    minutes: Interval = ZERO

    def attempt_id(self, attempt: int) -> str:
        """The id of the resource that the n-th attempt creates (1 is the first)."""
        return self.resource_id if attempt == 1 else f"{self.resource_id}-a{attempt}"

    def resource(self, attempt: int = 1) -> str:
        """Full name of what the n-th attempt creates, as the platform spells it; empty for items that create nothing."""
        if self.request is None:
            return ""
        return f"{self.request.path.removeprefix('/v1/')}/{self.attempt_id(attempt)}"

    def request_for(self, attempt: int, outputs: Mapping[str, str]) -> WireRequest | None:
        """The exact request of one attempt, holes filled from `outputs` (item id -> model name).

        None when the item has no request, the attempt is not planned, or a hole's item has no output yet.
        """
        if self.request is None or not 1 <= attempt <= self.attempts:
            return None
        try:
            body = _fill(self.request.body, self.resource_id, self.attempt_id(attempt), outputs)
        except KeyError:
            return None
        query = tuple((k, self.attempt_id(attempt) if v == self.resource_id else v) for k, v in self.request.query)
        return self.request.model_copy(update={"query": query, "body": body})


class Candidate(Frozen):
    """One configuration of the sweep."""

    number: int
    base_model: str
    config: LoraConfig
    epochs: int

    def describe(self) -> str:
        """Model and configuration in words; the epochs stand apart."""
        model = self.base_model.rsplit("/", 1)[-1]
        return f"{model}, LoRA rank {self.config.rank}, learning rate {self.config.learning_rate:g}"


class Plan(Frozen):
    """Everything the user is asked to approve, with what is shown beside it."""

    workflow: str
    revision: int
    account: str
    request: Request
    candidates: tuple[Candidate, ...]
    items: tuple[PlanItem, ...]
    decisions: tuple[Decision, ...]
    warnings: tuple[str, ...] = ()
    price_table: str
    max_active_jobs: int
    retries: int
    cost_lines: tuple[tuple[str, Interval | None], ...] = ()
    cost: Interval
    """USD: the cheapest branch to the dearest; `cost.high` is the ceiling that the approval carries."""
    minutes: Interval
    unknown_prices: tuple[str, ...] = ()

    @property
    def ceiling_usd(self) -> float:
        return self.cost.high

    def item(self, item_id: str) -> PlanItem | None:
        """The item of that id, None when there is none."""
        return next((item for item in self.items if item.id == item_id), None)

    def digest(self) -> str:
        """SHA-256 (hex) over items, bounds, price table version and ceiling."""
        return self.digest_hex

    @cached_property
    def digest_hex(self) -> str:
        bound = {
            "workflow": self.workflow,
            "account": self.account,
            "items": [_bound(item) for item in self.items],
            "price_table": self.price_table,
            "ceiling_usd": self.ceiling_usd,
            "max_active_jobs": self.max_active_jobs,
            "retries": self.retries,
            "unknown_prices": self.unknown_prices,
        }
        return hashlib.sha256(canonical(bound).encode()).hexdigest()


ADDED_LATER = ("chosen_by", "split")
"""Fields that earlier plans do not have: at their defaults they leave a digest as it was, so old approvals still hold."""


def _bound(item: PlanItem) -> dict[str, Any]:
    """What an approval binds of an item."""
    bound = item.model_dump(mode="json")
    for name in ADDED_LATER:
        if bound[name] == PlanItem.model_fields[name].default:
            del bound[name]
    return bound


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8, no NaN. Raises ValueError for what JSON can't hold."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha8(value: object) -> str:
    """First 8 hex digits of the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:8]


def resource_id(session: str, role: str, payload: object) -> str:
    """`fa-<session>-<role>-<sha8>`: known before the request is sent, equal for equal payloads, at most 63 characters."""
    return f"fa-{session}-{role}-{sha8(payload)}"


def _fill(value: Any, own: str, attempt: str, outputs: Mapping[str, str]) -> Any:
    """The body with this attempt's id in place of the first's and holes filled. KeyError: a hole has no value yet."""
    if isinstance(value, dict):
        if set(value) == {OUTPUT}:
            return outputs[value[OUTPUT]]
        return {k: _fill(v, own, attempt, outputs) for k, v in value.items()}
    if isinstance(value, list):
        return [_fill(v, own, attempt, outputs) for v in value]
    if isinstance(value, str) and (value == own or value.endswith(f"/{own}")):
        return value[: len(value) - len(own)] + attempt
    return value
