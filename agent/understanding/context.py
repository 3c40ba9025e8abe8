"""What the agent asked last, and which slot a bare answer to it fills."""

from __future__ import annotations

import re
from typing import Literal

Asked = Literal["yes_no", "open", "choice", "nothing"]

_SENTENCES = re.compile(r"(?<=[.!?？])\s+|\n+")
_OPEN = re.compile(
    r"\b(?:which|what|how|where|who|whom|when|why|welche[rsnm]?|was|wie|wo|quel(?:le)?s?|combien|cuál(?:es)?|qué|cuántos?|name (?:a|the)|choose|pick|哪|什么|多少)\b|哪|什么|多少"
)
_YES_NO = re.compile(
    r"(?:^|[,;:—] ?|\b(?:so|and|then|now|but) )\s*(?:is|are|shall|should|may|can|could|do|does|did|would|will|ok|okay|fine|proceed|continue|ready|approve|confirm|agree|want me|happy|soll|darf|kann|möchtest|ist|dois-je|puis-je|est-ce|voulez|veux|debo|puedo|quieres|está)\b|\b(?:ok|okay|all right|fine) (?:if|to|with)\b|吗"
)
_MIND = re.compile(r"\bmind\b|\bobject(?:ion)?\b|\bnot\b|n't\b|\bunless\b|\bwithout\b")
_OR = re.compile(r"\bor\b(?! more\b| less\b| so\b)|\boder\b|\bou\b|还是")
_SLOTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("eval_dataset", re.compile(r"\b(?:eval(?:uation)?|test|held-out|holdout) (?:data ?set|set|data)\b")),
    ("train_dataset", re.compile(r"\bdata ?sets?\b|\bdata\b|\bdatensatz\b|\bjeu de données\b|数据集")),
    ("base_models", re.compile(r"\b(?:base )?models?\b|\bmodell\b|\bmodèle\b|\bmodelo\b|模型")),
    (
        "evaluator",
        re.compile(r"\bwhich evaluator\b|\bevaluator id\b|\bwhat evaluator\b|\bname (?:of )?(?:the|your) evaluator\b"),
    ),
    ("labels", re.compile(r"\blabels?\b|\bclasses\b|\bcategories\b")),
    ("epochs", re.compile(r"\bepochs?\b|\bepochen\b")),
    ("lora_ranks", re.compile(r"\branks?\b")),
    ("learning_rates", re.compile(r"\blearning rates?\b")),
    ("betas", re.compile(r"\bbetas?\b")),
    ("subsample", re.compile(r"\b(?:samples?|rows|examples)\b[^?]{0,40}\b(?:tuning|sweep|search)\b|\bsubsample\b")),
    ("max_parallel_jobs", re.compile(r"\bparallel\b|\bjobs\b[^?]{0,25}\b(?:at once|at a time)\b")),
    ("imbalance_threshold", re.compile(r"\bimbalance\b|\bthreshold\b")),
    ("train_fraction", re.compile(r"\bsplit\b|\bhold out\b|\bheld out\b")),
    ("target", re.compile(r"\btarget\b|\bgoal\b")),
    ("budget_usd", re.compile(r"\bbudget\b|\bspend\b|\bhow much\b|\bceiling\b|\bcost limit\b")),
    ("teacher_model", re.compile(r"\bteacher\b")),
    ("tasks", re.compile(r"\btasks?\b")),
    ("evaluation", re.compile(r"\bevaluat\w+|\bscored?\b|\bjudged?\b")),
    ("method", re.compile(r"\bdpo\b|\borpo\b|\bloss\b")),
)


def kind_of_question(context: str) -> Asked:
    """Whether the agent's last words can be answered by yes or no. Any open part or choice makes a yes unclear."""
    questions = _questions(context)
    if not questions:
        return "nothing"
    if any(_MIND.search(q) for q in questions):
        return "choice"
    plain = [q for q in questions if _YES_NO.search(q)]
    open_ones = [
        q for q in questions if (o := _OPEN.search(q)) and not ((y := _YES_NO.search(q)) and y.start() < o.start())
    ]
    if open_ones:
        return "open"
    if any(_OR.search(q) for q in questions):
        return "choice"
    return "yes_no" if len(plain) == len(questions) == 1 else "open"


def _questions(context: str) -> list[str]:
    return [s.strip().lower() for s in _SENTENCES.split(context) if s.rstrip(" \"')*").endswith(("?", "？"))]


def slot_asked(context: str) -> str | None:
    """The slot that the agent asked about last, or None."""
    questions = _questions(context)
    asked = questions[-1] if questions else context.lower()
    for slot, pattern in _SLOTS:
        if pattern.search(asked):
            return slot
    return None
