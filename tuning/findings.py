"""What the facts of a file mean: its format, whether it can be used, and what a person should be told."""

from __future__ import annotations

from collections.abc import Mapping

from .facts import DatasetFacts, Format

MIN_ROWS = 3
"""The fewest rows that Fireworks takes in a dataset."""

_SIGNATURES = (
    (b"\x1f\x8b", "gzip-compressed: unpack it first"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"PAR1", "a Parquet file: export it as JSONL"),
    (b"\xff\xfe", "UTF-16 text: save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text: save it as UTF-8"),
)


def other_form(start: bytes) -> str:
    """What a file is when its first bytes show that it is no JSONL; empty when it may be."""
    for signature, what in _SIGNATURES:
        if start.startswith(signature):
            return what
    if b"\x00" in start[:4096]:
        return "binary data"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"["):
        return "a JSON array: write each element on a line of its own"
    first = text.split(b"\n", 1)[0].strip()
    if first == b"{":
        return "JSON spread over several lines: write each row on one line"
    if first and not first.startswith(b"{") and (b"," in first or b"\t" in first):
        return "CSV or other plain text: write each row as one JSON object on a line"
    return ""


def format_of(forms: Mapping[str, int]) -> Format:
    """One word for a file from its rows' forms. Chat with some unanswered rows is chat; else two forms are mixed."""
    present = {form for form, rows in forms.items() if rows}
    if not present:
        return "unknown"
    if present == {"chat", "prompts"}:
        return "chat"
    for form in ("chat", "preference", "prompts", "completion"):
        if present == {form}:
            return form
    return "mixed"


def verdict_of(facts: DatasetFacts, other: str) -> str:
    """Why the file cannot be used, with what to do; empty when it can. `other` is `other_form`'s answer."""
    if not facts.bytes:
        return "the file is empty"
    if other:
        return f"this is not JSONL but {other}"
    if not facts.rows:
        return "the file has only empty lines"
    if not facts.good_rows:
        first = facts.malformed[0]
        return f"none of the {facts.rows:,} rows can be used; the first problem is line {first.line}, {first.path}: {first.message}"
    if facts.good_rows < MIN_ROWS:
        return f"{_rows(facts.good_rows)} can be used, and a dataset needs at least {MIN_ROWS}"
    if facts.forms.get("preference") and facts.format == "mixed":
        forms = ", ".join(f"{rows:,} {form}" for form, rows in facts.forms.items())
        return f"preference pairs and other rows stand in one file ({forms}): give each form a file of its own"
    return ""


def issues_of(facts: DatasetFacts) -> tuple[str, ...]:
    """Sentences for the plan, most serious first."""
    found = [
        _malformed(facts),
        _unanswered(facts),
        _suspicious(facts),
        _leakage(facts),
        facts.over_context
        and f"{_rows(facts.over_context)} longer than the context of {facts.context_length:,} tokens will be cut, "
        f"the first on line {facts.over_context_lines[0]}.",
        facts.duplicates
        and f"Repeats of an earlier row: {facts.duplicates:,}, the first on line {facts.duplicate_pairs[0].second}.",
        facts.conflicts
        and f"Another answer to an earlier row's prompt: {facts.conflicts:,}, the first on line "
        f"{facts.conflict_pairs[0].second} (compare line {facts.conflict_pairs[0].first}).",
        facts.duplicate_ids and f"Ids used before: {facts.duplicate_ids:,}.",
    ]
    return tuple(issue for issue in found if issue)


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _malformed(facts: DatasetFacts) -> str:
    if not facts.malformed_count or not facts.good_rows:
        return ""
    first = facts.malformed[0]
    share = facts.malformed_count / facts.rows
    return (
        f"{_rows(facts.malformed_count)} of {facts.rows:,} ({share:.1%}) cannot be used and will be left out, "
        f"the first on line {first.line}, {first.path}: {first.message}."
    )


def _unanswered(facts: DatasetFacts) -> str:
    if facts.format != "prompts":
        return ""
    if facts.trainable_rows:
        return "No row has an assistant turn; supervised training needs ground_truth turned into the answer."
    return "No row has an assistant turn: these are prompts, fit for pair generation or reinforcement only."


def _suspicious(facts: DatasetFacts) -> str:
    if not facts.suspicious_count:
        return ""
    first = facts.suspicious[0]
    return (
        f"Text that looks like an order to an agent, or a control token of a chat template: {_rows(facts.suspicious_count)}"
        f", treated as data. The first, on line {first.line}, {first.why}."
    )


def _leakage(facts: DatasetFacts) -> str:
    leakage = facts.leakage
    if leakage is None or not (leakage.exact or leakage.near):
        return ""
    return (
        f"Also in the evaluation set: {_rows(leakage.exact + leakage.near)} ({leakage.exact:,} exactly, "
        f"{leakage.near:,} nearly). They stay where they are, in training and evaluation alike, so its score would flatter the "
        "model; take them out of one of the two for an honest figure."
    )
