"""Reads manifest.yaml: which requests exist for us at all. Pure matching; unknown means None."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

import yaml

Kind = Literal["read", "create", "continue", "settle", "infer"]
_PARTS = {"account": r"(?P<account>[A-Za-z0-9_-]{1,63})", "id": r"(?P<id>[A-Za-z0-9][A-Za-z0-9_.-]{0,127})"}


@dataclass(frozen=True)
class Rule:
    """One line of the manifest."""

    method: str
    pattern: re.Pattern[str]
    kind: Kind
    item: str = ""


@dataclass(frozen=True)
class Match:
    """A request that the manifest names, with the account and id taken from its path."""

    rule: Rule
    account: str
    id: str


@cache
def rules() -> tuple[Rule, ...]:
    """The shipped manifest."""
    table = yaml.safe_load(files("agent.guard").joinpath("manifest.yaml").read_text(encoding="utf-8"))
    return tuple(
        Rule(method=row["method"], pattern=_compile(row["path"]), kind=row["kind"], item=row.get("item", ""))
        for row in table["rules"]
    )


@lru_cache(maxsize=1024)
def match(method: str, path: str) -> Match | None:
    """The rule for a request, None when no rule names it. Percent-encoded and relative paths match nothing."""
    for rule in rules():
        found = rule.pattern.fullmatch(path) if rule.method == method else None
        if found:
            groups = found.groupdict()
            return Match(rule, groups.get("account") or "", groups.get("id") or "")
    return None


def _compile(path: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(_PARTS[p] if i % 2 else re.escape(p) for i, p in enumerate(pieces)))
