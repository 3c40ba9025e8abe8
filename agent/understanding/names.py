"""Finding the names of datasets and evaluators: resource names, files, and the short ids that people use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.understanding import patterns as re
from agent.understanding.ids import Kind, in_prose, is_id, is_named, names_something_else, reads_as_name

_FULL = re.compile(r"accounts/[\w-]+/(?P<kind>datasets|evaluators)/[\w-]+(?:\.[\w-]+)*", re.IGNORECASE)
_FILE = re.compile(r"(?<![\w@~./-])[~./\w-]*[\w-]\.(?:jsonl|json|csv|parquet|tsv|txt)(?:\.gz)?\b", re.IGNORECASE)
QUOTED_FILE = re.compile(
    r"(?P<q>[\"'`])(?P<path>[^\"'`\n]{1,200}\.(?:jsonl|json|csv|parquet|tsv|txt)(?:\.gz)?)(?P=q)", re.IGNORECASE
)
_UPLOAD = re.compile(r"(\bdatasets? (?:create|upload|add|push) [\w.-]+) +\S+\.(?:jsonl|json|csv|parquet|tsv|txt)\b")
"""A shell's line gives a file its id: "dataset create tickets ./t.jsonl"."""
_PROSE = re.compile(r"\b(?:on|use|using|with|from|is|please)\b|^(?:fine-?tune|train|take) ", re.IGNORECASE)
"""Words by which a quotation that ends in a file is a sentence, not a path with blanks."""
_URL = re.compile(r"\bhttps?://\S+", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")

_ID = r"[A-Za-z0-9][\w]*(?:[.-][\w]+)*(?!'t\b|'s (?:not|called|the|in|on)\b)"
_IDLIKE = r"(?=[\w.-]*(?:[a-zA-Z][-_][\w]|\w_\w|[a-zA-Z]\d|\d[-_]\w))" + _ID
_QUOTE = r"[\"'*]{0,2}"
_DATA = r"(?:(?:training|train|eval|evaluation|test|held-out|holdout|gold|golden|validation|preference|new|full|labell?ed|prompts?) )?(?:data ?-?sets?|datset|datasets?|corpus|corpora)"
_BE = r"(?:'s\b|\s*(?:,|:|=|\||->|—)|\s+(?:is|are|id|ids|name|called|named|short (?:id|name)|identifier|under the id|with the (?:id|name)|i uploaded|titled|known as|should be|will be|would be|under the name|is called|is named|it'?s called|it is called|its name is|it goes by|goes by|that'?s|which is)\b|,? (?:it'?s|it is|that'?s|which is|whose name is|that is) (?:called|named)\b)*"
_EVAL_NOUN = r"(?:evaluator|evaluators|grader|scorer|scoring function|reward function|reward|eval script|evaluation script|checker|judge)"

_DATASET_CUES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(p, re.IGNORECASE)
    for p in (
        rf"\b{_DATA}\b{_BE}\s*{_QUOTE}(?P<id>{_ID}){_QUOTE}",
        rf"(?P<q>[\"'])(?P<id>{_ID})(?P=q)\s+(?:{_DATA}|data|set)\b",
        rf"\b(?:the|my|our|your|this|on|with|a) {_QUOTE}(?P<id>{_ID}){_QUOTE} (?:{_DATA}|data|set|file)\b",
        rf"\b{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE} (?:{_DATA}|data|set|split|file)\b",
        rf"\b(?:data|set|split|file|test|eval|train|training|holdout|held-out|gold)\b{_BE}\s*{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}",
        rf"\b(?:on|over|against|upon|with|using|from|in|of|for|use|uses|into|take|is|than|to|and|not|mean|meant|:)\s+(?:the |my |our |your |all of |all )?{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}",
        rf"\b(?:train(?:ing)?|test|eval(?:uation)?|validation|valid|gold|held[-_]?out|holdout|dev)(?:[-_ ](?:set|data|split|file))?\s*(?:[=:]|->)\s*[\"'](?P<id>{_ID})[\"']",
        rf"\b(?:no|wait|sorry|actually|rather|correction|i mean|make (?:that|it)|instead)[,:]? (?:the |my |our )?{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}(?=\s*(?:$|[.,;!)]|please|instead))",
        rf"\bdatasets? (?:create|upload|add|push) (?P<id>{_ID})",
        rf"\b(?:one|set|split|file|table) (?:called|named|titled) {_QUOTE}(?P<id>{_ID}){_QUOTE}",
        rf"\b(?:on|over|against)\s+(?:the |my |our )?[\"'](?P<id>{_ID})[\"']",
        rf"\b(?P<id>{_ID}){_QUOTE},? ?\(?(?:that'?s|that is|which is|is|as|being) (?:the |our |my |its )?(?:training |train |test |eval )?(?:data ?set|(?:training|train|test|eval|gold) (?:set|data))(?=\s*(?:[.,;)!\n]|$)| (?:to|for|and|here)\b)",
        rf"(?<!\w)(?:sft|dpo|orpo|rft|grpo|train\w*|tun\w+|fine-?tun\w*|finetun\w*|learning|classif\w+|⟦m\d+⟧|evaluate|eval|test\w*|measure|benchmark\w*|run|it|them|job|model|models|score\w*)\s+(?:it |them |again |only |both |all )?(?:on|over|against)\s+(?:the |my |our )?(?P<id>{_ID})(?=\s*(?:$|[.,;:!?)(—⟦])|\s+(?:with|using|for|and|at|to|via|please|in|by|but|then)\b)",
    )
)
_FALLBACK_CUES: tuple[re.Pattern[str], ...] = (
    # Ids that carry a digit or an underscore are seldom anything else; hyphens alone count where nothing else was found.
    re.compile(
        r"(?<![\w⟦./@#$-])(?P<id>(?=[\w.-]*[a-zA-Z])(?=[\w-]*(?:[-_][\w-]*\d|\w_\w))[A-Za-z]\w*(?:[.-]\w+)*)(?![\w⟧/])"
    ),
    re.compile(r"(?<![\w⟦./@#$-])(?P<id>[A-Za-z]\w*(?:-\w+)+)(?![\w⟧/-])"),
)
"""Tried in this order when the words around say nothing; the second only when the text names no dataset so far."""
_LEAST_STEM = 4
"""Letters that two ids must share before their first hyphen to be taken for kin."""
_KIN = re.compile(r"(?<![\w⟦./@#$-])(?P<id>[A-Za-z]\w*(?:-\w+)+)(?![\w⟧/-])")
_IDLIKE_WORD = re.compile(rf"(?<![\w⟦]){_IDLIKE}")
"""A word that may be an id by its shape; where a text has none, the cues that look for one are left out."""
_FILE_ENDS = re.compile(r"\.\w")
_SCORES = re.compile(
    rf"{_EVAL_NOUN}|score|scoring|grad|judg|reward|rank|check|verif|valid|points|eval-fn", re.IGNORECASE
)
"""Without one of these no evaluator is named; one search instead of nine."""
_EVALUATOR_CUES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(p, re.IGNORECASE)
    for p in (
        rf"\b{_EVAL_NOUN}{_BE}\s*[\"'](?P<id>{_ID})[\"']",
        rf"\b{_EVAL_NOUN}{_BE}\s*(?P<id>{_IDLIKE})",
        rf"\b(?:the|my|our|use|using|with|existing|by) {_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}(?: as (?:the |an |our |my )?)? ?{_EVAL_NOUN}\b",
        rf"[\"'](?P<id>{_ID})[\"'](?: as (?:the |an |our |my )?)? ?{_EVAL_NOUN}\b",
        rf"\b(?:score|scored|graded?|judged?|rewarded|reward|rank)\w*(?: \w+){{0,4}} (?:with|by|using|via)\s+(?:the |my |our )?{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}",
        r"\b(?:evaluator|grader|scorer|scoring function|reward function|reward)\s+(?:(?:is|called|named|titled) |= ?|: ?)+[\"']?(?P<id>[A-Za-z]\w*)[\"']?(?=\s*(?:$|[.,;)\n])| (?:for|to|and|on|with|in|from|as)\b)",
        rf"\b(?P<id>{_IDLIKE}) (?:is|as) (?:the |our |my |an )?{_EVAL_NOUN}\b",
        rf"\b(?:have|got|own|use|wrote|built|exists|there is|there's) (?:an? |our |my |the |already |existing |own )*{_EVAL_NOUN}(?: already| here| ready| for (?:this|it|that))?,? (?:it'?s |namely |called )?[\"'(]?(?P<id>{_IDLIKE})[\"')]?(?=\s*(?:$|[.,;)\n]))",
        rf"\b(?:rewards?|scores?|scoring|grades?|points)(?: signal| function)? (?:is |are |will be )?(?:come|comes|coming|given|computed|calculated|provided|produced|assigned|done|taken|handled)? ?(?:from|by|with|via|through|using)\s+(?:the |my |our )?{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}",
        rf"\b(?:with|by|via|using|from|use|uses|evaluator|grader|run|apply|plus|through)\s+(?:the |my |our )?{_QUOTE}(?P<id>\w+(?:-\w+)*-(?:grader|judge|checker|check|scorer|reward|verifier|evaluator|validator|eval-fn))(?![\w-]){_QUOTE}",
    )
)


@dataclass(frozen=True)
class Name:
    """A dataset or evaluator as written, and whether it is a full resource name or file (full) or a short id."""

    written: str
    kind: Kind
    full: bool


@dataclass(frozen=True)
class Named:
    """The text with ⟦d0⟧ and ⟦e0⟧ for datasets and evaluators, numbered by their first place; `names` by their mark."""

    text: str
    names: dict[str, Name]


def mask_resources(text: str) -> Named:
    """Marks what cannot be mistaken: full resource names and files. Links and addresses are taken out."""
    names: dict[str, Name] = {}
    text = _UPLOAD.sub(r"\1", text)
    text = _MAIL.sub("somebody", _URL.sub("link", text))

    def mark(match: re.Match[str]) -> str:
        kind: Kind = "evaluator" if (match.groupdict().get("kind") or "").lower() == "evaluators" else "dataset"
        return _mark(names, Name(match.group(), kind, True))

    def mark_path(match: re.Match[str]) -> str:
        rooted = match["path"].startswith(("/", "~", "."))
        if "⟦" in match["path"] or (not rooted and _PROSE.search(match["path"])):
            return match.group()
        return _mark(names, Name(match["path"], "dataset", True))

    return Named(_FILE.sub(mark, QUOTED_FILE.sub(mark_path, _FULL.sub(mark, text))), names)


def mask_short_ids(named: Named, guess: bool) -> Named:
    """Marks the short ids: those of evaluators by the word beside them, then those of datasets by theirs.

    `guess`: where nothing else names a dataset, a hyphenated word that is no everyday one is taken for it.
    """
    names = dict(named.names)
    text = named.text
    idlike = any(is_id(word) for word in _IDLIKE_WORD.findall(text))
    if _SCORES.search(text):
        for cue in _EVALUATOR_CUES:
            if idlike or _IDLIKE not in cue.pattern:
                text = _mark_all(text, cue, "evaluator", names)
        text = _mark_kin(text, names, "evaluator")
    for cue in _DATASET_CUES:
        if idlike or _IDLIKE not in cue.pattern:
            text = _mark_all(text, cue, "dataset", names)
    for strict, cue in zip((False, True), _FALLBACK_CUES, strict=True):
        if not strict or (guess and not any(n.kind == "dataset" for n in names.values())):
            text = _mark_all(text, cue, "dataset", names, fallback=True)
    text = _mark_kin(text, names, "dataset")
    for mark, name in names.items():
        if not name.full and not name.written.isalpha():
            text = _marked_again(text, name.written, mark)
    return Named(text, names)


def _marked_again(text: str, written: str, mark: str) -> str:
    """The text with the mark at every further place of a name."""
    out: list[str] = []
    at = 0
    while (start := text.find(written, at)) >= 0:
        end = start + len(written)
        left, right = text[start - 1 : start], text[end : end + 1]
        inside = left.isalnum() or left in ("_", "⟦", "/", "-") or (left == "." and start > 0)
        goes_on = right.isalnum() or right in ("_", "⟧", "/", "-") or bool(_FILE_ENDS.match(text, end))
        out += [text[at:start], written if (inside and left) or (goes_on and right) else mark]
        at = end
    return "".join([*out, text[at:]])


def _mark_kin(text: str, names: dict[str, Name], kind: Kind) -> str:
    """Marks ids that begin as a known one does: beside "brand-voice-raw" also "brand-voice-final"."""
    known = [n.written.lower() for n in names.values() if n.kind == kind and not n.full]
    if kind == "dataset":
        known = [w.split("-")[0] for w in known if "-" in w]
    stems = tuple(f"{w}-" for w in known if len(w) >= _LEAST_STEM)
    if not stems:
        return text

    def is_kin(word: str) -> bool:
        return word.lower().startswith(stems)

    return _mark_all(text, _KIN, kind, names, fallback=True, only=is_kin)


def _mark_all(
    text: str,
    cue: re.Pattern[str],
    kind: Kind,
    names: dict[str, Name],
    fallback: bool = False,
    only: Callable[[str], bool] | None = None,
) -> str:
    out: list[str] = []
    at = 0
    for match in cue.finditer(text):
        start, _ = match.span("id")
        written = match["id"].rstrip(".-")
        if (only and not only(written)) or in_prose(text, match, written):
            continue
        named = is_named(written, text, start)
        if (
            start < at
            or not (is_id(written) or named)
            or names_something_else(text, match, written, kind)
            or not reads_as_name(text, written, start + len(written), fallback)
        ):
            continue
        out += [text[at:start], _mark(names, Name(written, kind, False))]
        at = start + len(written)
    return "".join([*out, text[at:]])


def _mark(names: dict[str, Name], name: Name) -> str:
    known = next((mark for mark, other in names.items() if other == name), None)
    if known:
        return known
    letter = "d" if name.kind == "dataset" else "e"
    mark = f"⟦{letter}{sum(n.kind == name.kind for n in names.values())}⟧"
    names[mark] = name
    return mark
