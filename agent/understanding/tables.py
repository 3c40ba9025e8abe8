"""Tables with bars: a sheet of past runs sets nothing; of columns "old run | new run" only the new one counts."""

from __future__ import annotations

from agent.understanding import patterns as re

_RULE = re.compile(r"^[\s|:+=-]+$")
_KEY = re.compile(
    r"(?:train(?:ing)? |eval |test |base |lora |max |num )*(?:data ?-?sets?|data|base(?: model)?s?|models?|ranks?|lora(?:[ _-]r)?|r|lr|learning[ _-]rates?|epochs?|betas?|budget|labels|method|workflow|evaluator|jobs|parallel jobs|split|target|teacher|student|deploy(?:ment)?|batch(?:[ _-]size)?|alpha|warm-?up(?: steps)?|seed|dropout)(?: \(.{1,12}\))?",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"\b(?:loss|acc(?:uracy)?|cost|price|spent|score|win[ -]?rate|result|outcome|status|f1|notes?|remarks?|comment|hours|took|when|date)\b",
    re.IGNORECASE,
)
"""A column that tells how a run ended."""
_NEW = re.compile(
    r"\b(?:new|next|this|now|wanted?|planned|plan|to ?be|target|proposed|request(?:ed)?|neu\w*|nouve\w+|nuev[oa]|soll|today|tomorrow|please)\b|新",
    re.IGNORECASE,
)
_OLD = re.compile(
    r"\b(?:old|past|prev(?:ious)?|last|before|was|earlier|first|former|prior|current|prod(?:uction)?|ist|alt\w*|ancien\w*|anterior|jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?|aug\w*|sept?\w*|oct\w*|nov\w*|dec\w*|spring|summer|autumn|winter|20\d\d)\b|旧",
    re.IGNORECASE,
)
_RIGHT = re.compile(r"\b(?:right|last|rightmost|second)(?:[ -]hand)?(?: most)? column\b[^.;\n]{0,30}", re.IGNORECASE)
_LEFT = re.compile(r"\b(?:left|first|leftmost)(?:[ -]hand)?(?: most)? column\b[^.;\n]{0,30}", re.IGNORECASE)
_COUNTS = re.compile(
    r"\b(?:counts?|applies|matters?|holds?|is (?:what|the one)|please|valid|use|take)\b", re.IGNORECASE
)
_PAST_SHEET = re.compile(
    r"\b(?:past|previous|earlier|last|old|former|so far|did|tried|ran|history|attempts?|have done|context|background|for reference|for information|fyi)\b",
    re.IGNORECASE,
)
_LEAST_KEYS = 2


def tables_in_force(text: str, picked: bool = False) -> str:
    """The text with each table of columns as "key: value" lines of the column that counts, and without sheets of past runs.

    Rows of candidates become "rank: 8, 16", column by column. `picked`: the rows left are those that the text picks.
    Tables of another kind stay as they are. Linear in the text's length.
    """
    if text.count("|") < 4:
        return text
    out: list[str] = []
    block: list[str] = []
    lines = text.split("\n")
    prose = "\n".join(line for line in lines if line.count("|") < 2)
    for line in [*lines, ""]:
        if line.count("|") >= 2:
            block.append(line)
            continue
        out += _read(block, prose, picked) if block else []
        block = []
        out.append(line)
    return "\n".join(out[:-1])


def _read(block: list[str], prose: str, picked: bool) -> list[str]:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block if not _RULE.match(line)]
    if len(rows) < 2 or len({len(row) for row in rows}) > 1:
        return block
    head, body = rows[0], rows[1:]
    if sum(bool(_KEY.fullmatch(row[0])) for row in body) >= _LEAST_KEYS and len(head) >= 3:
        column = _column(head, prose)
        if column is None:
            return block
        return [f"{row[0]}: {row[column]}" for row in body if row[column] and _KEY.fullmatch(row[0])]
    settings = sum(bool(_KEY.fullmatch(cell)) for cell in head)
    outcomes = [at for at, cell in enumerate(head) if _OUTCOME.search(cell)]
    told = any(row[at] for row in body for at in outcomes)
    if settings < _LEAST_KEYS:
        return block
    if told and not picked and (len(outcomes) > 1 or _PAST_SHEET.search(prose)):
        return []
    kept = [at for at, cell in enumerate(head) if at not in outcomes and _KEY.fullmatch(cell)]
    return [f"{head[at]}: {', '.join(dict.fromkeys(row[at] for row in body if row[at]))}" for at in kept]


def _column(head: list[str], prose: str) -> int | None:
    """The column that counts: by its head, else by what the text says of right and left, else the one that is not old."""
    new = [at for at, cell in enumerate(head) if at and _NEW.search(cell) and not _OLD.search(cell)]
    if len(new) == 1:
        return new[0]
    for pattern, at in ((_RIGHT, len(head) - 1), (_LEFT, 1)):
        if (said := pattern.search(prose)) and _COUNTS.search(said.group()):
            return at
    rest = [at for at, cell in enumerate(head) if at and not _OLD.search(cell) and not _OUTCOME.search(cell)]
    return rest[0] if len(rest) == 1 and len(head) > 2 else None
