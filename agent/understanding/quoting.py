"""Telling the writer's own words from what they quote or paste: mails, code, rows of data."""

from __future__ import annotations

from dataclasses import dataclass

from agent.understanding import patterns as re

_MAIL_HEAD = re.compile(
    r"^\s*(?:-{2,}\s*(?:original|forwarded|ursprüngliche|weitergeleitete|message d'origine|mensaje).*"
    r"|on .{5,120} wrote:|am .{5,120} schrieb.*:|le .{5,120} a écrit\s*:|el .{5,120} escribió:"
    r"|begin forwarded message:)\s*$",
    re.IGNORECASE,
)
_MAIL_FIELD = re.compile(r"^\s*(?:from|to|cc|sent|subject|date|von|an|betreff|gesendet)\s*:\s", re.IGNORECASE)
_QUOTED_LINE = re.compile(r"^\s*(?:>|\|)")
_HEAD_LINES = 8
"""Lines after the first in which a mail's head still goes on."""
_JSON_LINE = re.compile(r'^\s*[\[{]\s*(?:["\'{\[]|$).*')
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_CSV_LINE = re.compile(r"^[^,;\t]*(?:[,;\t][^,;\t]*){2,}$")
_SETTING = re.compile(
    r"(?:--?|[\"']|^\s*|[,{ ])((?:base[-_ ]?)?model|(?:train(?:ing)?[-_ ]?)?data(?:set)?|epochs?|num[-_]train[-_]epochs|lr|learning[-_ ]rate|(?:lora[-_ ]?)?rank|lora[-_]r|batch[-_ ]size|budget|beta|method|workflow|student|teacher|evaluator|labels)[\"']?\s*[ :=]",
    re.IGNORECASE | re.MULTILINE,
)
_LOG_LINE = re.compile(
    r"^\s*(?:\[[^\]\n]{1,40}\]|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?\S*|\d\d:\d\d:\d\d)\s.*(?:\w=\S|\b(?:ERROR|WARN(?:ING)?|INFO|DEBUG|FATAL|FAILED|Traceback|Exception|aborting|exit(?:ed)? code|(?:step|iter|epoch|loss)\b.*\d))"
)
"""A line of a log tells what happened; it sets nothing."""
_LEAST_SETTINGS = 2
"""Different settings from which a block of code is taken for settings."""
_SAME = re.compile(
    r"\b(?:the )?same (?:\w+ )?(?P<what>base(?: model)?|model|data ?set|data|prompts|set-?up|everything|job|run|thing)\b"
    r"|\b(?:run|do|repeat|retry|try|start|launch) (?:it|this|that|the run|the job)(?: once)? again\b|\b(?:retry|re-?run|repeat) (?:it|this|that|the (?:run|job))\b",
    re.IGNORECASE,
)
_OF_KIND = {
    "base": "base model",
    "model": "base model",
    "dataset": "dataset",
    "data": "dataset",
    "prompts": "dataset",
} | dict.fromkeys(("setup", "set-up", "everything", "job", "run", "thing"), "all")
_LOGGED = {
    "base model": re.compile(r"\b(?:base|model|base_model|policy)[=:] ?[\"']?(?P<name>[\w./-]*\w)"),
    "dataset": re.compile(
        r"\b(?:ds|data|dataset|train|prompts|train_data|train_dataset)[=:] ?[\"']?(?P<name>[\w./-]*\w)"
    ),
}
"""What a log's line says of a run: "base=qwen3-14b ds=letters-a"."""
_ROW = re.compile(r"\bmessages\b|\"(?:role|prompt|completion|input|output|text|ground_truth)\"")
_MARKUP = re.compile(r"<(data|example|sample|row|quote|document|email|mail)\b[^>]{0,80}>", re.IGNORECASE)


@dataclass(frozen=True)
class Parts:
    """`own`: what the writer says. `quoted`: mails and quotations of others. `data`: pasted rows, code and logs."""

    own: str
    quoted: str
    data: str


def split_quoted(text: str) -> Parts:
    """Splits a text line by line. A forwarded mail runs to the end of the text or to the next unquoted paragraph."""
    own: list[str] = []
    quoted: list[str] = []
    data: list[str] = []
    in_mail = in_fence = False
    closing: str | None = None
    depth = 0
    for line in text.split("\n"):
        if _FENCE.match(line):
            in_fence = not in_fence
        elif in_fence or (closing is not None):
            data.append(line)
            if closing and closing in line.lower():
                closing = None
        elif _LOG_LINE.match(line):
            data.append(line)
        elif _QUOTED_LINE.match(line):
            quoted.append(line.lstrip(" >|"))
        elif (tag := _MARKUP.search(line)) and f"</{tag.group(1).lower()}" not in line.lower():
            data.append(line)
            closing = f"</{tag.group(1).lower()}"
        elif _MAIL_HEAD.match(line):
            in_mail = True
        elif in_mail:
            quoted.append(line)
        elif depth > 0 or _JSON_LINE.match(line):
            data.append(line)
            depth = _still_open(line, depth)
        else:
            own.append(line)
    own, fields = _without_header_block(own)
    own, rows = _without_rows(own)
    return Parts("\n".join(own).strip(), "\n".join(quoted + fields).strip(), "\n".join(data + rows).strip())


def _still_open(line: str, depth: int) -> int:
    """How many brackets of a pasted row are open after a line; a blank line, or JSON that holds no row, closes all."""
    if not line.strip() or (depth == 0 and not _ROW.search(line)):
        return 0
    return max(0, depth + sum(map(line.count, "{[")) - sum(map(line.count, "}]")))


def settings_in(data: str) -> str:
    """The pasted code as plain words when it holds settings (flags, key = value, JSON of them), "" when it holds rows."""
    data = "\n".join(line for line in data.split("\n") if not _LOG_LINE.match(line))
    data = re.sub(r"(?m)(?:^|\s)#[^\n]*", "", data)
    found = {key.lower() for key in _SETTING.findall(data)}
    if len(found) < _LEAST_SETTINGS or _ROW.search(data):
        return ""
    return re.sub(r"[\"'{}]|\\\n|(?<!\w)--?(?=[a-z])", " ", data.replace('",', "\n"))


def same_as_logged(own: str, data: str) -> str:
    """The model and the dataset of a pasted log as plain words, as far as the writer wants the same again; "" otherwise."""
    logged = "\n".join(line for line in data.split("\n") if _LOG_LINE.match(line))
    if not logged or not (wanted := [m["what"] or "all" for m in _SAME.finditer(own)]):
        return ""
    found = {kind: list(pattern.finditer(logged)) for kind, pattern in _LOGGED.items()}
    lines = [
        f"{kind}: {places[-1]['name']}"
        for kind, places in found.items()
        if places and any(what == "all" or _OF_KIND[what.split(" ")[0].lower()] in (kind, "all") for what in wanted)
    ]
    return "\n".join(lines)


def _without_header_block(lines: list[str]) -> tuple[list[str], list[str]]:
    """Two or more mail header lines in a row open a quoted mail that runs to the end, except at the very beginning."""
    for index in range(len(lines) - 1):
        if _MAIL_FIELD.match(lines[index]) and _MAIL_FIELD.match(lines[index + 1]):
            if any(line.strip() for line in lines[:index]):
                return lines[:index], lines[index:]
            # The text itself is a mail: its head goes, its body is the writer's.
            return [line for i, line in enumerate(lines) if i > index + _HEAD_LINES or not _MAIL_FIELD.match(line)], []
    return lines, []


def _without_rows(lines: list[str]) -> tuple[list[str], list[str]]:
    """Three or more lines in a row with the same number of separators are a pasted table."""
    keep: list[str] = []
    rows: list[str] = []
    run: list[str] = []
    for line in [*lines, ""]:
        if (
            _CSV_LINE.match(line)
            and (not run or line.count(",") == run[0].count(","))
            and line.rstrip()[-1:] not in ".!?"
        ):
            run.append(line)
            continue
        (rows if len(run) >= 3 else keep).extend(run)
        run = []
        keep.append(line)
    return keep, rows
