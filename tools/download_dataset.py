"""Stages a data set in the workspace, once per session, and looks at all of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Literal

from fireworks import PermissionDeniedError

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.errors import platform_errors, quote
from tools.facts import DatasetStaged
from tools.files import CHUNK, blocks_of, disk_errors, sha256_file, write_whole
from tools.resources import fetch, find, full_name, short_id
from tools.tokenizer import context_length, counters_of
from tuning.facts import DatasetFacts
from tuning.inspection import inspect
from tuning.leakage import EvalIndex
from tuning.lists import first_of
from tuning.plan import Interval, sha8
from tuning.tokens import TokenCounter

Role = Literal["train", "eval"]
SHOWN_LABELS = 10
FIRST_ROWS = 2
ROW_BYTES = 1_000
"""Of a first row that is read for a look; less of it is quoted."""
REPORTS: dict[Role, str] = {"train": "dataset_report.json", "eval": "dataset_report_eval.json"}


class DownloadArguments(Arguments):
    """`name` is an id, a full resource name, or the path of a local file that the user's request names.

    `again` fetches it anew: the user has mended it since.
    """

    name: str
    role: Literal["train", "eval"] = "train"
    again: bool = False


async def download_dataset(arguments: DownloadArguments, context: ToolContext) -> ToolResult:
    """Stages and inspects. Raises ToolError when the data set is not there, not READY, empty or no JSONL at all."""
    name = source_name(arguments.name, context)
    path = context.workspace / "datasets" / f"original-{_slug(name)}"
    if arguments.again or not path.exists():
        await (_copy(arguments.name, path, context) if is_local(name) else _download(name, path, context))
    await context.emit(f"inspecting {name}")
    facts = await inspected(context, arguments.role, name, path)
    if not facts.usable and not facts.good_rows:
        path.unlink()
        raise ToolError(f"{name}: {facts.verdict}", owner="yours", next_step="Mend the file, or name another data set.")
    fact = _staged(arguments.role, name, path, facts, context)
    text = "\n".join([fact.summary, _checked(facts), *await asyncio.to_thread(_first_rows, path)])
    return ToolResult(facts=(fact,), text=text)


def is_local(name: str) -> bool:
    """Whether a name as written is a path on this machine and not the platform's."""
    return name.startswith(("./", "../", "/", "~")) or name.endswith((".jsonl", ".json"))


def source_name(name: str, context: ToolContext) -> str:
    """How the session calls the data set: its full resource name, or the path as the user wrote it."""
    return name if is_local(name) else full_name(name, "datasets", context.account)


async def inspected(context: ToolContext, role: Role, name: str, path: Path) -> DatasetFacts:
    """What the file holds, with the best tokenizer, context and evaluation set known now; kept as the role's report.

    A report of the same file under the same circumstances is read, not made again.
    """
    counters = await counters_of(context)
    eval_set = _held_out(context) if role == "train" else None
    basis = {
        "name": name,
        "tokenizer": context.known.request.base_models[0] if counters else None,
        "context_length": context_length(context),
        "held_out": eval_set.sha256 if eval_set else None,
    }
    report = context.workspace / REPORTS[role]
    held_out = context.workspace / eval_set.path if eval_set else None
    counter = counters[0] if counters else None
    with disk_errors(f"the inspection of {quote(name)}"):
        return await asyncio.to_thread(_inspect, path, report, basis, counter, held_out)


def _held_out(context: ToolContext) -> DatasetStaged | None:
    """The staged evaluation set of the request as it is now."""
    wanted, staged = context.known.request.eval_dataset, context.known.staged.get("eval")
    return staged if wanted and staged and staged.name == source_name(wanted, context) else None


def _inspect(
    path: Path, report: Path, basis: dict[str, Any], counter: TokenCounter | None, held_out: Path | None
) -> DatasetFacts:
    known = _read_report(report, basis)
    if known is not None and (known.sha256, known.bytes) == sha256_file(path):
        return known
    index = EvalIndex.from_chunks(blocks_of([held_out])) if held_out else None
    with path.open("rb") as file:
        facts = inspect(iter(lambda: file.read(CHUNK), b""), counter, basis["context_length"], index)
    text = json.dumps({**basis, "facts": facts.model_dump(mode="json")}, ensure_ascii=False, indent=2, sort_keys=True)
    write_whole(report, [text.encode("utf-8", "backslashreplace"), b"\n"])
    return facts


def _read_report(report: Path, basis: dict[str, Any]) -> DatasetFacts | None:
    """The facts of an earlier report on the same basis; None when there is none or a person changed it."""
    try:
        found = json.loads(report.read_text(encoding="utf-8"))
        return DatasetFacts.model_validate(found.pop("facts")) if found.items() >= basis.items() else None
    except (OSError, ValueError, KeyError, AttributeError):
        return None


async def _copy(name: str, target: Path, context: ToolContext) -> None:
    """A local file, but only one that the user's own request names: no planner picks files of this machine."""
    request = context.known.request
    if name not in (request.train_dataset, request.eval_dataset):
        raise ToolError(
            f"{quote(name)} is a file of this machine that the request does not name, so it is not read",
            owner="yours",
            next_step="Name the file in the instruction.",
        )
    source = Path(name).expanduser()
    if not source.is_file():
        raise ToolError(
            f"there is no file {quote(name)}",
            owner="yours",
            next_step="Check the path; relative ones start where the session's server was started.",
        )
    with disk_errors(quote(name)):
        await asyncio.to_thread(write_whole, target, blocks_of([source]))


async def _download(name: str, target: Path, context: ToolContext) -> None:
    await _check_ready(name, context)
    with platform_errors(f"asking for the files of {name}"):
        answer = await context.platform.datasets.get_download_endpoint(short_id(name), account_id=name.split("/")[1])
        urls = getattr(answer, "filename_to_signed_urls", None) or {}
    if not urls:
        raise ToolError(f"{name} is READY but has no file", owner="platform", next_step="Upload the data set again.")
    shards = [target.with_name(f".{target.name}.{index}") for index in range(len(urls))]
    try:
        for (file, url), shard in zip(sorted(urls.items()), shards, strict=True):
            await context.emit(f"downloading {quote(file)}")
            await fetch(context, url, shard, f"{quote(file)} of {name}")
        with disk_errors(name):
            await asyncio.to_thread(write_whole, target, blocks_of(shards))
    finally:
        for shard in shards:
            shard.unlink(missing_ok=True)


async def _check_ready(name: str, context: ToolContext) -> None:
    try:
        dataset = await find(context, name)
    except ToolError as error:
        private = isinstance(error.__cause__, PermissionDeniedError) and name.split("/")[1] != context.account
        if not private:
            raise
        dataset = None
    if dataset is None:
        raise ToolError(
            f"there is no data set {name}, or it is private to another account",
            owner="yours",
            next_step="Check the name; list_resources shows the data sets of your account.",
        )
    state = dataset.get("state")
    if state != "READY":
        raise ToolError(
            f"the data set {name} is {quote(state or 'in no known state')}, not READY",
            owner="yours",
            next_step="Finish its upload, or name another one.",
            retry=state == "UPLOADING",
        )


def _slug(name: str) -> str:
    """A file name that tells the source and differs for different sources."""
    stem = Path(name).stem if is_local(name) else short_id(name)
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in stem)[:60]
    return f"{plain}-{sha8(name)}.jsonl"


def _staged(role: Role, name: str, path: Path, facts: DatasetFacts, context: ToolContext) -> DatasetStaged:
    return DatasetStaged(
        role=role,
        name=name,
        path=path.relative_to(context.workspace).as_posix(),
        report=REPORTS[role],
        sha256=facts.sha256,
        rows=facts.rows,
        bytes=facts.bytes,
        tokens=Interval(low=facts.tokens.low, high=facts.tokens.high),
        tokens_exact=facts.tokens.exact,
        usable=facts.usable,
        reason="" if facts.usable else facts.verdict,
        summary=_summary(name, facts),
        issues=facts.issues,
        uploaded=not is_local(name),
    )


def _summary(name: str, facts: DatasetFacts) -> str:
    """A few lines for people."""
    tokens, lengths = facts.tokens, facts.lengths
    count = f"{tokens.low:,}" if tokens.exact else f"{tokens.low:,} to {tokens.high:,}"
    lines = [
        f"{name}: {facts.rows:,} rows of {facts.format} data, {facts.bytes:,} bytes",
        f"Tokens: {count} ({tokens.method})",
        f"Row length in tokens: median {lengths.p50:,}, 95% up to {lengths.p95:,}, longest {lengths.max:,}",
    ]
    if facts.labels:
        labels = first_of([f"{quote(label)} {count:,}" for label, count in facts.labels.items()], SHOWN_LABELS)
        lines.append(f"Labels ({len(facts.labels)}): {labels}")
    lines += [f"Conversion proposed for {c.rows:,} rows: {c.why} (first: {c.example})" for c in facts.conversions]
    lines += [f"Note: {issue}" for issue in facts.issues]
    if not facts.usable:
        lines.append(f"Not usable: {facts.verdict}")
    return "\n".join(lines)


def _checked(facts: DatasetFacts) -> str:
    """What was looked for with how often it was found, so that silence is never taken for "none"."""
    found = f"{facts.malformed_count:,} malformed, {facts.duplicates:,} duplicates, "
    found += f"{facts.suspicious_count:,} with text that looks like an order"
    if facts.leakage is not None:
        found += f", {facts.leakage.exact + facts.leakage.near:,} shared with the evaluation set"
    return f"Checked on every row: {found}."


def _first_rows(path: Path) -> list[str]:
    """A few rows as they stand in the file, cut short: data."""
    with path.open("rb") as file:
        rows = [file.readline(ROW_BYTES).decode("utf-8", "replace").strip() for _ in range(FIRST_ROWS)]
    return [f"Row {number}: {quote(row)}" for number, row in enumerate(rows, start=1) if row]


TOOL = FunctionTool(
    name="download_dataset",
    effect=Effect.WRITE,
    description="Stages a data set (of the platform, or a local file that the user named) and inspects all of it: "
    "format, rows, tokens, duplicates, malformed rows, leakage.",
    arguments=DownloadArguments,
    function=download_dataset,
)
