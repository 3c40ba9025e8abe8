"""Finding the names of datasets and evaluators: resource names, files, and the short ids that people use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["dataset", "evaluator"]

_FULL = re.compile(r"accounts/[\w-]+/(?P<kind>datasets|evaluators)/[\w-]+(?:\.[\w-]+)*", re.IGNORECASE)
_FILE = re.compile(r"(?<![\w@])(?:~|\.{1,2})?(?:/?[\w.-]+)*[\w-]\.(?:jsonl|json|csv|parquet|tsv|txt)(?:\.gz)?\b", re.IGNORECASE)
_URL = re.compile(r"\bhttps?://\S+", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")

_ID = r"[A-Za-z0-9][\w]*(?:[.-][\w]+)*"
_IDLIKE = r"(?=[\w.-]*(?:[a-zA-Z][-_][\w]|\w_\w|[a-zA-Z]\d|\d[-_]\w))" + _ID
_QUOTE = r"[\"'*]{0,2}"
_DATA = r"(?:(?:training|train|eval|evaluation|test|held-out|holdout|gold|golden|validation|preference|new|full|labell?ed|prompts?) )?(?:data ?-?sets?|datset|datasets?|corpus|corpora)"
_BE = r"(?:\s*(?:,|:|=|->|—)|\s+(?:is|are|id|ids|name|called|named|with the (?:id|name)|i uploaded|titled|known as|should be|will be|would be|under the name|is called|is named))*"
_EVAL_NOUN = r"(?:evaluator|evaluators|grader|scorer|scoring function|reward function|reward|eval script|evaluation script|checker|judge)"

_ORDINARY = frozenset(
    ["a", "an", "the", "this", "that", "these", "those", "it", "its", "them", "they", "my", "our", "your", "his", "her", "their", "mine", "ours", "yours", "i", "we", "you", "he", "she", "me", "us", "and", "or", "but", "not", "no", "yes", "with", "for", "from", "of", "to", "in", "on", "at", "by", "as", "is", "are", "was", "were", "be", "been", "has", "have", "had", "do", "does", "did", "will", "would", "shall", "should", "can", "could", "may", "might", "must", "then", "than", "so", "if", "when", "while", "where", "which", "what", "who", "how", "why", "there", "here", "now", "today", "tomorrow", "yesterday", "soon", "please", "thanks", "thank", "hi", "hello", "dear", "just", "only", "also", "too", "very", "really", "about", "around", "over", "under", "above", "below", "up", "down", "out", "off", "into", "onto", "per", "each", "every", "all", "both", "some", "any", "more", "most", "less", "least", "few", "many", "much", "other", "another", "same", "own", "new", "old", "first", "second", "third", "last", "next", "best", "better", "good", "bad", "big", "small", "large", "full", "half", "single", "multiple", "several", "data", "dataset", "datasets", "set", "sets", "corpus", "file", "files", "rows", "row", "samples", "sample", "examples", "example", "model", "models", "base", "bases", "train", "training", "trained", "fine", "tune", "tuning", "tuned", "finetune", "fine-tune", "fine-tuned", "fine-tuning", "finetuning", "finetuned", "run", "runs", "running", "use", "using", "used", "sft", "dpo", "orpo", "rft", "grpo", "lora", "qlora", "rank", "ranks", "rate", "rates", "learning", "epoch", "epochs", "beta", "betas", "eval", "evaluate", "evaluation", "evaluator", "validation", "test", "tests", "testing", "loss", "score", "scores", "scoring", "target", "goal", "budget", "cost", "costs", "dollars", "usd", "price", "total", "max", "maximum", "min", "minimum", "limit", "jobs", "job", "parallel", "sweep", "grid", "search", "hp", "hyperparameter", "hyperparameters", "winner", "winning", "candidate", "candidates", "config", "deploy", "deployment", "deployed", "final", "report", "gpu", "gpus", "teacher", "student", "tasks", "task", "methods", "method", "react", "cot", "reflexion", "hotpotqa", "strategyqa", "bamboogle", "mmlu", "label", "labels", "classes", "categories", "class", "category", "classification", "classifier", "preference", "preferences", "pairs", "pair", "prompts", "prompt", "questions", "answers", "agent", "agents", "trajectories", "trajectory", "fireact", "start", "launch", "go", "begin", "skip", "default", "defaults", "automatically", "auto", "held-out", "holdout", "hold-out", "gold", "test-set", "same-session", "base-vs-base", "full-data", "full-parameter", "end-to-end", "e2e", "follow-up", "step-by-step", "real-world", "state-of-the-art", "pre-paired", "prompts-only", "two-stage", "one-shot", "few-shot", "zero-shot", "head-to-head", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twenty", "hundred", "thousand", "one", "account", "fireworks", "platform", "customers", "customer", "team", "week", "month", "year", "time", "something", "anything", "everything", "nothing", "someone", "anyone", "everyone", "top", "scratch", "purpose", "demand", "hand", "production", "test-time", "work", "them", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december", "english", "german", "french", "spanish", "chinese", "llm", "llms", "ai", "ml", "api", "cli", "sdk", "ui", "json", "jsonl", "csv", "python", "yaml", "html", "sql", "xml", "open-source", "open-weight", "long-term", "short-term", "high-quality", "low-cost", "low-rank", "hand-labeled", "hand-labelled", "human-labeled", "top-1", "pairwise", "llm-as-judge", "win-rate", "f1", "rouge", "bleu", "full-finetune", "full-fine-tune", "re-run", "rerun", "retrain", "re-train", "pre-train", "instead", "rather", "actually", "sorry", "wait", "ok", "okay", "right", "well", "hence", "thus", "still", "yet", "again", "already", "ever", "never", "always", "whatever", "whichever", "supervised", "supervised-fine-tuning", "reinforcement-learning", "instruction-tuning", "lora-tuning", "chat", "completion", "completions", "output", "outputs", "input", "inputs", "message", "messages", "format", "question", "case", "cases", "ground_truth", "preferred_output", "non_preferred_output", "learning_rate", "lora_rank", "batch_size", "batch-size", "base_model", "base_models", "non_preferred", "user", "assistant", "system", "val_loss", "eval_loss", "val-loss", "eval-loss", "validation-loss", "warm-up", "warmup", "over-fit", "overfit", "up-to-date", "multi-label", "multi-class", "cross-entropy", "in-house", "third-party", "self-hosted", "on-demand", "opt-in", "opt-out", "day-to-day", "non-preferred", "top-k", "top-p", "co-workers", "70/30", "80/20", "90/10", "max-length", "sub-sample", "subsample", "one-off", "set-up", "sign-off", "sanity-check", "a-b", "so-called", "pass", "fail", "spam", "sanity", "check", "quality", "accuracy", "speed", "tone", "style"]
)
_ORDINARY_SHAPE = re.compile(
    r"(?:fine|pre|re|non|multi|self|semi|un|sub|over|under|well|hyper|post|anti|inter|auto|co|ex|half|high|low|full|"
    r"long|short|single|double|two|three|four|base|best|real|end|held|hold|one|few|zero|cost|time|data|domain|task|"
    r"human|hand|customer|user|machine|rule|model|label|multi|on|off|all|day|year|month|week)-[a-z]+(?:-[a-z]+)*|"
    r"\d+(?:\.\d+)?[a-z%]?|\d+-\d+|\d{1,4}[/-]\d{1,2}[/-]\d{1,4}|v\d+|[a-z]+'[a-z]+|\d+(?:st|nd|rd|th)|\d+e-?\d+|\d+-[a-z]+|\d+x|r\d+|"
    r"(?:lora|qlora)-.*|q[1-4]|\d+k|[a-z]-[a-z]|gpu-\w+|[a-z]+-(?:style|based|like|tuned?|tuning|free|shot|level|only|wise|time|backed|specific|driven|friendly|ready|aware|trained|learning|paired|generated|order|vs-[a-z]+|in|out|up|off|on|to|by|ish)",
    re.IGNORECASE,
)

_DATASET_CUES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(p, re.IGNORECASE)
    for p in (
        rf"\b{_DATA}\b{_BE}\s*{_QUOTE}(?P<id>{_ID}){_QUOTE}",
        rf"(?P<q>[\"'])(?P<id>{_ID})(?P=q)\s+(?:{_DATA}|data|set)\b",
        rf"\b(?:the|my|our|your|this|on|with|a) {_QUOTE}(?P<id>{_ID}){_QUOTE} (?:{_DATA}|data|set|file)\b",
        rf"\b{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE} (?:{_DATA}|data|set)\b",
        rf"\b(?:data|set|split|file|test|eval|train|training|holdout|held-out|gold)\b{_BE}\s*{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}",
        rf"\b(?:on|over|against|upon|with|using|from|in|of|for|use|uses|into|take|is|than|to|and|not|:)\s+(?:the |my |our |your |all of |all )?{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}",
        rf"\b(?:on|over|against)\s+(?:the |my |our )?[\"'](?P<id>{_ID})[\"']",
        rf"\b(?:sft|dpo|orpo|rft|grpo|train\w*|tun\w+|fine-?tun\w*|finetun\w*|learning|classif\w+|⟦m\d+⟧|evaluate|eval|test\w*|measure|benchmark\w*|run|it|them|job|model|models|score\w*)\s+(?:it |them |again |only |both |all )?(?:on|over|against)\s+(?:the |my |our )?(?P<id>{_ID})(?=\s*(?:$|[.,;:!?)(—]|with\b|using\b|for\b|and\b|at\b|to\b|via\b|please\b|in\b|by\b|but\b|then\b|—|⟦))",
    )
)
_EVALUATOR_CUES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(p, re.IGNORECASE)
    for p in (
        rf"\b{_EVAL_NOUN}{_BE}\s*[\"'](?P<id>{_ID})[\"']",
        rf"\b{_EVAL_NOUN}{_BE}\s*(?P<id>{_IDLIKE})",
        rf"\b(?:the|my|our|use|using|with|existing|by) {_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}(?: as (?:the |an |our |my )?)? ?{_EVAL_NOUN}\b",
        rf"[\"'](?P<id>{_ID})[\"'](?: as (?:the |an |our |my )?)? ?{_EVAL_NOUN}\b",
        rf"\b(?:score|scored|graded?|judged?|rewarded|reward|rank)\w*(?: \w+){{0,4}} (?:with|by|using|via)\s+(?:the |my |our )?{_QUOTE}(?P<id>{_IDLIKE}){_QUOTE}",
        r"\b(?:evaluator|grader|scorer)\s+(?:is |called |named |= ?|: ?)(?P<id>[A-Za-z][\w]*)(?=\s*(?:$|[.,;)]))",
        rf"\b(?P<id>{_IDLIKE}) (?:is|as) (?:the |our |my |an )?{_EVAL_NOUN}\b",
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
    text = _MAIL.sub("", _URL.sub("", text))

    def mark(match: re.Match[str]) -> str:
        kind: Kind = "evaluator" if (match.groupdict().get("kind") or "").lower() == "evaluators" else "dataset"
        return _mark(names, Name(match.group(), kind, True))

    return Named(_FILE.sub(mark, _FULL.sub(mark, text)), names)


def mask_short_ids(named: Named) -> Named:
    """Marks the short ids: those of evaluators by the word beside them, then those of datasets by theirs."""
    names = dict(named.names)
    text = named.text
    for kind, cues in (("evaluator", _EVALUATOR_CUES), ("dataset", _DATASET_CUES)):
        for cue in cues:
            text = _mark_all(text, cue, kind, names)  # type: ignore[arg-type]
    for mark, name in names.items():
        if not name.full:
            again = re.compile(rf"(?<![\w⟦/.-]){re.escape(name.written)}(?![\w⟧/-]|\.\w)")
            text = again.sub(mark, text) if not name.written.isalpha() else text
    return Named(text, names)


def is_id(word: str) -> bool:
    """Whether a word can be a short id: not a word of everyday or of this trade."""
    low = word.lower()
    return low not in _ORDINARY and not _ORDINARY_SHAPE.fullmatch(word) and len(word) > 1 and "⟦" not in word


def _mark_all(text: str, cue: re.Pattern[str], kind: Kind, names: dict[str, Name]) -> str:
    out: list[str] = []
    at = 0
    for match in cue.finditer(text):
        start, end = match.span("id")
        written = match["id"].rstrip(".-")
        if start < at or not is_id(written):
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
