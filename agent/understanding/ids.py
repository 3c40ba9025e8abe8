"""Telling an id from what only looks like one: words of the trade, tickets, columns, teams, titles, file names."""

from __future__ import annotations

from typing import Literal

from agent.understanding import patterns as re
from agent.understanding.vocabulary import words

Kind = Literal["dataset", "evaluator"]

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
_HYPHEN = re.compile(r"[A-Za-z]{2,}-[A-Za-z]{2,}")
_NAMEABLE = words("nameable")
_NAMING = re.compile(r"\b(?:called|named|titled) [\"']?$|[=:] ?[\"']$", re.IGNORECASE)
"""After these words even such a word is a name: "the one named heldout"."""
_NUMBER_WORD = re.compile(
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-(?:one|two|three|four|five|six|seven|eight|nine)",
    re.IGNORECASE,
)
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
_NAMED_LATER = re.compile(r" [^.;,\n⟦]{2,60} (?:is|are|was) (?:called|named) ", re.IGNORECASE)
"""The name comes later: "the test set reviewed by the nurses is called X"."""
_THING_OF_WORK = re.compile(
    r"[\"'`]? (?:classifiers?|detectors?|detection|recogni[sz]er|recognition|taggers?|routers?|triage|classification|prediction|predictor|labell?er)\b(?! (?:data|set))",
    re.IGNORECASE,
)
"""What a hyphenated word before it describes: "a language-id classifier"."""
_TICKET = re.compile(r"[A-Z]{2,8}-(?!(?:19|20)\d\d\b)\d{1,6}")
"""A ticket's number in a tracker: "ML-2217"."""
_COMPOUND = re.compile(
    r"(?i:sft|dpo|orpo|rft|grpo|rl|lora|qlora|fireact|llm|hp|gpu|react|cot|adam|top|base|fine)-[^\W\d]*(?i:training|trainings|lauf|läufe|durchlauf|run|runs|job|jobs|tuning|feintuning|finetuning|verfahren|methode|rang|rank|ränge|alpha|loss|verlust|paper|adapter|entraînement|entrenamiento|sweep|suche|search|modell?e?|beta|agent|ansatz|recipe|trainer|style)"
    r"|[^\W\d]+-(?:bot|bots|chatbot|team|assistant|app|Training|Lauf|Job|Modell|Modelle|Datensatz|Datensätze|Daten|Team|Bot|Evaluator|Klassifikation|Klassifikator|Tuning|Finetuning|Feintuning|Sweep|Suche|Bericht|Abteilung|Rang|Ränge|Budget|Paare|Agent|Assistent|System|Werte|Satz|Projekt|Anfragen)"
)
"""Compounds of the trade, many of them German: "DPO-Training", "LoRA-Rang"."""
_AGENT_WORK = re.compile(r"\bfireact|\btrajec|\btrayec|\bteacher|\btasks?\b|\bhotpot|轨迹", re.IGNORECASE)
_TASKS = words("tasks")


def is_named(word: str, text: str, start: int) -> bool:
    """Whether a word of the trade is a name here: "the one named heldout"."""
    return word.lower() in _NAMEABLE and bool(_NAMING.search(text, max(0, start - 12), start))


def is_id(word: str) -> bool:
    """Whether a word can be a short id: not a word of everyday or of this trade."""
    low = word.lower()
    return low not in _ORDINARY and not _NUMBER_WORD.fullmatch(low) and len(word) > 1 and "⟦" not in word


def reads_as_name(text: str, word: str, end: int, fallback: bool) -> bool:
    """Whether a word of an everyday shape ("short-notes") stands where a name ends, not before a noun."""
    if not _ORDINARY_SHAPE.fullmatch(word):
        return True
    everyday = word[0].isdigit() or not _HYPHENATED.fullmatch(word)
    return not everyday and not fallback and bool(_NAME_ENDS.match(text, end))


def names_something_else(text: str, match: re.Match[str], written: str, kind: Kind) -> bool:
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
    if written.count("-") == 1 and _HYPHEN.fullmatch(written) and _THING_OF_WORK.match(text, end):
        return True
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


def in_prose(text: str, match: re.Match[str], written: str) -> bool:
    """Whether a bare word beside "dataset" ("the dataset uploaded by Anna") is a word of the sentence, not a name."""
    before = text[match.start() : match.start("id")]
    opened = text[match.start("id") - 1 : match.start("id")]
    if opened in ('"', "'") and _WORDS_TO_QUOTE[opened].match(text, match.start("id") + len(written)):
        return True
    if re.match(r" ?[:=]? ?⟦[de]", text[match.end("id") :]) or not written.isascii():
        return True
    if (
        written.isalpha()
        and "⟦" not in before
        and _NAMED_LATER.match(text, match.end("id"))
        and not _NAMING.search(before)
    ):
        return True
    if not written.isalpha() or re.search(r"[\"'*:=]|\b(?:called|named|is|id|name|titled)\b", before):
        return False
    return not _NAME_ENDS.match(text, match.start("id") + len(written))
