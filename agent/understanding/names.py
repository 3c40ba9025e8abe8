"""Finding the names of datasets and evaluators: resource names, files, and the short ids that people use."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agent.understanding.vocabulary import words

Kind = Literal["dataset", "evaluator"]

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
_BE = r"(?:'s\b|\s*(?:,|:|=|\||->|—)|\s+(?:is|are|id|ids|name|called|named|short (?:id|name)|identifier|under the id|with the (?:id|name)|i uploaded|titled|known as|should be|will be|would be|under the name|is called|is named)\b)*"
_EVAL_NOUN = r"(?:evaluator|evaluators|grader|scorer|scoring function|reward function|reward|eval script|evaluation script|checker|judge)"

_ORDINARY = words("ordinary")
_ORDINARY_SHAPE = re.compile(
    r"(?:fine|pre|re|non|multi|self|semi|un|sub|over|under|well|hyper|post|anti|inter|auto|co|ex|half|high|low|full|"
    r"long|short|single|double|two|three|four|base|best|real|end|held|hold|one|few|zero|cost|time|data|domain|task|"
    r"human|hand|customer|user|machine|rule|model|label|multi|on|off|all|day|year|month|week)-[a-z]+(?:-[a-z]+)*|"
    r"\d+(?:\.\d+)?[a-z%]?|\d+-\d+|\d{1,4}[/-]\d{1,2}[/-]\d{1,4}|v\d+|[a-z]+'[a-z]+|\d+(?:st|nd|rd|th)|\d+e-?\d+|\d+-[a-z]+|\d+x|r\d+|"
    r"(?:lora|qlora)-.*|(?:rank|beta|lr|epochs?|candidate|config|run|top|option)-\d+|q[1-4]|\d+k|[a-z]-[a-z]|gpu-\w+|[a-z]+-(?:style|based|like|tuned?|tuning|free|shot|level|only|wise|time|backed|specific|driven|friendly|ready|aware|trained|learning|paired|generated|order|in|out|up|off|on|to|by|ish)",
    re.IGNORECASE,
)

_HYPHENATED = re.compile(r"[A-Za-z]{3,}(?:-[A-Za-z]{3,})+")

_DATASET_CUES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(p, re.IGNORECASE)
    for p in (
        rf"\b{_DATA}\b{_BE}\s*{_QUOTE}(?P<id>{_ID}){_QUOTE}",
        rf"(?P<q>[\"'])(?P<id>{_ID})(?P=q)\s+(?:{_DATA}|data|set)\b",
        rf"\b(?:the|my|our|your|this|on|with|a) {_QUOTE}(?P<id>{_ID}){_QUOTE} (?:{_DATA}|data|set|file)\b",
        rf"\b{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE} (?:{_DATA}|data|set|split|file)\b",
        rf"\b(?:data|set|split|file|test|eval|train|training|holdout|held-out|gold)\b{_BE}\s*{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}",
        rf"\b(?:on|over|against|upon|with|using|from|in|of|for|use|uses|into|take|is|than|to|and|not|mean|meant|:)\s+(?:the |my |our |your |all of |all )?{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}",
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
_NAMEABLE = words("nameable")
_NAMING = re.compile(r"\b(?:called|named|titled) [\"']?$", re.IGNORECASE)
"""After these words even such a word is a name: "the one named heldout"."""
_NUMBER_WORD = re.compile(
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-(?:one|two|three|four|five|six|seven|eight|nine)",
    re.IGNORECASE,
)
_LEAST_STEM = 4
"""Letters that two ids must share before their first hyphen to be taken for kin."""
_NAME_ENDS = re.compile(
    r"[\"'*]*\s*(?:$|[.,;:!?)(—|+/=<>\]}-]|(?:with|using|for|and|at|to|via|please|in|by|but|then|as|or|on|from|if|is|was|are|were|has|had|have|holds|contains|should|will|can|must|may|would|shall|does|that|which|it|we|i|because|since|when|while|once|so|instead|again|already|only|also|too|now|first|later|today|not|exactly|returns|gives|checks|here|there|plus|until|before|after|without|under|being|goes|go|needs|consists|came|comes|looks|lives|sits|exists|shows|uploaded|you|they|he|she|who|where|pls|plz|thx|thanks|thank|twice|sft|dpo|orpo|rft|grpo|lora|rank|lr|epochs?|tonight|asap|right|alone|straight|supervised|full|one|two|three|four|five|all|no|mixed|split|together|vs|versus)\b|(?:train|fine-tune|tune|use|evaluate|test|measure|classify|score|teach|start)\b\s*(?:$|[.,;:!?)\n]|and\b|to\b|with\b|would\b|should\b|can\b|let\b)|⟦)",
    re.IGNORECASE,
)
_WEAK_CUE = re.compile(
    r"(?:and|not|is|than|to|of|for|in|by|into|as|(?:on|from|with|using|over) (?:the|our|my|your|their)) ", re.IGNORECASE
)
"""Words before a hyphenated word that may as well begin "and thumbs-down answers"."""
_NO_DATA_LEFT = re.compile(
    r"\b(?:(?:run|job|experiment|project|output|model|display|ticket|issue|branch|user|cluster|host|trace|request|session|wandb|config)[-_ ]?(?:names?|ids?|key)?|columns?|fields?|keys?|schema|channel|repo(?:sitory)?|bucket|tenant|namespace|team|squad|department|customer|metric|library|package|script|function|machine|server|node|queue|gpu|cost cent(?:er|re)|invoice|contract|jira|confluence|slack)(?: (?:is|called|named))?\s*[:=#]?\s*[\"'`#]?$",
    re.IGNORECASE,
)
"""Words before a name that make it the name of something else: a run, a column, a team, a ticket."""
_NO_DATA_RIGHT = re.compile(
    r"[\"'`]?\s+(?:columns?|fields?|tables?|team|squad|channel|branch|repo(?:sitory)?|metric|script|function|library|package|ticket|issue|project|department|bot|chatbot|assistant|app|paper|endpoint|deployment|server|cluster|queue)\b",
    re.IGNORECASE,
)
_KEY = re.compile(r" ?[\"'`]? ?[:=](?!=)")
"""What follows the key of a setting: "run_name: x"."""
_WORDS_TO_QUOTE = {q: re.compile(rf" [^{q}\n]{{1,60}}{q}(?!\w)") for q in ("'", '"')}
"""The rest of a quotation of more than one word: a title, no id."""
_KIN = re.compile(r"(?<![\w⟦./@#$-])(?P<id>[A-Za-z]\w*(?:-\w+)+)(?![\w⟧/-])")
_IDLIKE_WORD = re.compile(rf"(?<![\w⟦]){_IDLIKE}")
"""A word that may be an id by its shape; where a text has none, the cues that look for one are left out."""
_FILE_ENDS = re.compile(r"\.\w")
_SCORES = re.compile(
    rf"{_EVAL_NOUN}|score|scoring|grad|judg|reward|rank|check|verif|valid|points|eval-fn", re.IGNORECASE
)
"""Without one of these no evaluator is named; one search instead of nine."""
_DATA_NOUN = re.compile(
    r"[\"'`*]* (?:training |train |test |eval )?(?:data ?-?sets?|data|sets?|corpus|corpora|file|split|rows|pairs|prompts|samples|examples|table|upload|collection)\b",
    re.IGNORECASE,
)
_OTHER_FILE = re.compile(
    r"\.(?:log|py|sh|ya?ml|md|pdf|docx?|xlsx?|pptx?|ipynb|toml|cfg|ini|zip|html?|png|jpe?g|bin|safetensors|gguf|com|org|net|io|de|ai)$",
    re.IGNORECASE,
)
"""Files and sites that hold no rows to train on."""
_ARTICLE = re.compile(r"\b(?:our|the|their|your|this|that|an?) $", re.IGNORECASE)
_TICKET = re.compile(r"[A-Z]{2,8}-(?!(?:19|20)\d\d\b)\d{1,6}")
"""A ticket's number in a tracker: "ML-2217"."""
_COMPOUND = re.compile(
    r"(?i:sft|dpo|orpo|rft|grpo|rl|lora|qlora|fireact|llm|hp|gpu|react|cot|adam|top|base|fine)-[^\W\d]*(?i:training|trainings|lauf|läufe|durchlauf|run|runs|job|jobs|tuning|feintuning|finetuning|verfahren|methode|rang|rank|ränge|alpha|loss|verlust|paper|adapter|entraînement|entrenamiento|sweep|suche|search|modell?e?|beta|agent|ansatz|recipe|trainer|style)"
    r"|[^\W\d]+-(?:bot|bots|chatbot|team|assistant|app|Training|Lauf|Job|Modell|Modelle|Datensatz|Datensätze|Daten|Team|Bot|Evaluator|Klassifikation|Klassifikator|Tuning|Finetuning|Feintuning|Sweep|Suche|Bericht|Abteilung|Rang|Ränge|Budget|Paare|Agent|Assistent|System|Werte|Satz|Projekt|Anfragen)"
)
"""Compounds of the trade, many of them German: "DPO-Training", "LoRA-Rang"."""
_AGENT_WORK = re.compile(r"\bfireact|\btrajec|\btrayec|\bteacher|\btasks?\b|\bhotpot|轨迹", re.IGNORECASE)
_TASKS = words("tasks")
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


def is_id(word: str) -> bool:
    """Whether a word can be a short id: not a word of everyday or of this trade."""
    low = word.lower()
    return low not in _ORDINARY and not _NUMBER_WORD.fullmatch(low) and len(word) > 1 and "⟦" not in word


def _reads_as_name(text: str, word: str, end: int, fallback: bool) -> bool:
    """Whether a word of an everyday shape ("short-notes") stands where a name ends, not before a noun."""
    if not _ORDINARY_SHAPE.fullmatch(word):
        return True
    everyday = word[0].isdigit() or not _HYPHENATED.fullmatch(word)
    return not everyday and not fallback and bool(_NAME_ENDS.match(text, end))


def _names_something_else(text: str, match: re.Match[str], written: str, kind: Kind) -> bool:
    """Whether a word that looks like an id is a task, a ticket, a compound of the trade, a column, a team, a run."""
    start, end = match.start("id"), match.start("id") + len(written)
    if _COMPOUND.fullmatch(written) or _OTHER_FILE.search(written):
        return True
    if kind == "evaluator":
        # "author the reward function, RDKit-valid molecules get 1"
        aside = "," in text[match.start() : start]
        return aside and bool(_HYPHENATED.fullmatch(written)) and not _NAME_ENDS.match(text, end)
    if "_" in written and _KEY.match(text, end):
        return True
    left = text[max(0, start - 30) : start]
    if re.search(r"\bdata ?sets?\b", left, re.IGNORECASE):
        return False
    if _TICKET.fullmatch(written) or (written.lower() in _TASKS and _AGENT_WORK.search(text)):
        return True
    if (
        _HYPHENATED.fullmatch(written)
        and (_WEAK_CUE.match(match.group()) or _ARTICLE.search(left))
        and not _NAME_ENDS.match(text, end)
        and not _DATA_NOUN.match(text, end)
    ):
        return True
    return bool(_NO_DATA_LEFT.search(left) or _NO_DATA_RIGHT.match(text, end))


def _in_prose(text: str, match: re.Match[str], written: str) -> bool:
    """Whether a bare word beside "dataset" ("the dataset uploaded by Anna") is a word of the sentence, not a name."""
    before = text[match.start() : match.start("id")]
    opened = text[match.start("id") - 1 : match.start("id")]
    if opened in ('"', "'") and _WORDS_TO_QUOTE[opened].match(text, match.start("id") + len(written)):
        return True
    if re.match(r" ?[:=]? ?⟦[de]", text[match.end("id") :]) or not written.isascii():
        return True
    if not written.isalpha() or re.search(r"[\"'*:=]|\b(?:called|named|is|id|name|titled)\b", before):
        return False
    return not _NAME_ENDS.match(text, match.start("id") + len(written))


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
        if (only and not only(written)) or _in_prose(text, match, written):
            continue
        named = written.lower() in _NAMEABLE and _NAMING.search(text, max(0, start - 12), start)
        if (
            start < at
            or not (is_id(written) or named)
            or _names_something_else(text, match, written, kind)
            or not _reads_as_name(text, written, start + len(written), fallback)
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
