"""Reading a reply at an open gate: approve, revise, reject, ask or unclear, with the changes it wants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from agent.understanding.answers import read_changes
from agent.understanding.context import kind_of_question
from agent.understanding.label_merges import MERGE_SLOTS, take_merges
from agent.understanding.languages import to_english
from agent.understanding.leftovers import not_held, partly_read
from agent.understanding.names import QUOTED_FILE
from agent.understanding.no_forms import ends_session, says_no
from agent.understanding.numbers import plain_numbers
from agent.understanding.quoting import split_quoted
from agent.understanding.result import Gate, Reply
from agent.understanding.text import bounded, normalised
from agent.understanding.yes_forms import kind_of
from tuning.request import Request

_QUOTED_WORDS = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']{6,}'(?!\w)|`[^`]*`")
_ASKS = re.compile(
    r"\?|^(?:(?:and|but|so|ok|okay|yes|hmm|um|well|sounds good|looks good|fine|great|sure|thanks),? (?:but )?)?(?:what|which|how|why|who|when|where|is it|is this|is that|are you|are there|does|did|can i|could i|do i|am i|will it|would it|what's|who's|how's|explain|tell me|show me|remind me)\b|\bi (?:wonder|was wondering|am wondering|don'?t understand|do not understand)\b|\b(?:please|could you|can you) (?:explain|tell me|show me (?:how|what|why|the (?:details|numbers|breakdown)))\b|吗$|^(?:was|wie|warum|wieso|welche\w*|wer|wann|wie viel|combien|pourquoi|quel\w*|comment|qué|cuánto|por qué|cuál\w*|cómo) "
)
_SUGGESTS = re.compile(
    r"\b(?:(?:can|could|would|will) (?:you|we|it)(?: please| maybe| perhaps| also| not| instead| just| rather| be)*|how about|what about|why not|why don'?t (?:you|we)|let'?s|shall we|should(?:n'?t)? we|may i ask you to|mind) (?:\w+ ){0,3}?(?:us(?:e|ing)|switch\w*|mak(?:e|ing)|chang\w+|set\w*|try\w*|take|do(?:ing)?|reduc\w+|lower\w*|drop\w*|skip\w*|add\w*|run\w*|go\w*|keep\w*|limit\w*|cap\w*|rais\w+|increas\w+|train\w*|cut\w*|stick\w*|deploy\w*|merg\w+|combin\w+|treat\w*|not|leave|with|\d|⟦)|\b(?:how|what) about\b|\bwhy not\b"
)
_DISCUSSES = re.compile(
    r"\b(?:cheaper|cost|faster|better|enough|longer|difference|mean|help|change anything|worth|happen|take|price|save|matter|recommend|suggest|think)\b[^?]*\?|\b(?:what|how)(?: would| much| if| does| will| happens)\b"
)
_HEDGES = re.compile(
    r"\b(?:maybe|perhaps|i guess|i suppose|not sure|unsure|probably|possibly|might|hmm+|whatever|dunno|i think so|no idea|don'?t know|kind of|sort of|vielleicht|peut-être|quizás|tal vez|wohl|也许|可能)\b|也许|可能"
)


_SARCASM = re.compile(
    r"\b(?:yeah|yea|sure|oh|ha|right|ok|okay|great|wow),? (?:right|because|as if|great|joy|bargain)\b|\bwhat a (?:bargain|steal|deal|surprise|joy|shame)\b|\bas if\b|\bvery funny\b|\bhilarious\b|\bgood luck with that\b|\bbest joke\b|\bnice joke\b|\bmade my day\b|\bof course,? because\b|\bbecause (?:who|money|we all|why)\b|\bmoney (?:grows|is no object)\b|\bwhat could (?:possibly )?go wrong\b|(?:^|\s)/s\b|\bthanks for nothing\b|🙄"
)
"""Mockery: what it names is no wish."""
_ORDERS = re.compile(r"\b(?:use|make it|change|set|switch|reduce|lower|take|instead|skip|train|cut)\b")
_YES_WORD = re.compile(r"\b(?:yes|yeah|yep|ok|okay|sure|go|approved?)\b")
_WAVERS = re.compile(r"(?:^|\b(?:wait|no|yes|hm+),? )(?:yes|ok|okay|maybe|no|sure|right|go|hm+|huh|eh|well|so)\W*\?$")
"""A question of one such word wavers; it asks for nothing."""


def read_reply(
    text: str, gate: Gate, context: str = "", known_models: Iterable[str] = (), current: Request | None = None
) -> Reply:
    """Understands a reply at a gate. Pure, never raises on text.

    `current` is the request that stands, for changes that only say how far from it ("one epoch fewer").
    `context` is the agent's last words; at gate "question" a yes counts only when they can be answered by yes or no.
    An approval comes from the allow-list alone (yes_forms.py); everything here after that line can only say less.
    """
    plain = normalised(bounded(text)).lower()
    if not plain:
        return Reply("unclear", "The reply is empty.")
    parts = split_quoted(bounded(text))
    bare = QUOTED_FILE.sub(r"\g<path>", plain)  # quotes around a path with blanks quote nobody
    quoted = bool(parts.quoted or parts.data or _QUOTED_WORDS.search(bare))
    if not quoted and (kind := kind_of(plain, gate)) != "neither":
        return _approval(kind == "yes", gate, context)
    own = _QUOTED_WORDS.sub(" ", QUOTED_FILE.sub(r"\g<path>", normalised(parts.own).lower())) if quoted else bare
    changes = read_changes(parts.own, gate, context, tuple(known_models), current or Request())
    reply = _other(own.strip(), quoted, changes)
    unheld = partly_read(parts.own)
    if reply.label in ("revise", "unclear"):
        merges, rest = take_merges(normalised(parts.own))
        merged = bool(changes.keys() & MERGE_SLOTS)
        plain = _QUOTED_WORDS.sub(" ", rest).lower()
        unheld += not_held(plain_numbers(plain), "" if merged else merges.said)
    return replace(reply, reason=" ".join((reply.reason, *unheld)))


def _approval(yes: bool, gate: Gate, context: str) -> Reply:
    if not yes:
        return Reply("unclear", "The reply is polite but says neither yes nor no.")
    if gate == "question" and kind_of_question(context) != "yes_no":
        return Reply("unclear", "A yes does not answer the question that was asked.")
    return Reply("approve", "An unconditional yes.")


def _other(own: str, quoted: bool, changes: Mapping[str, object]) -> Reply:
    """Everything that is not on the allow-list of approvals."""
    if not own:
        return Reply("unclear", "The reply only quotes somebody else.")
    if _SARCASM.search(own) and not _ORDERS.search(own):
        return Reply("unclear", "The reply does not sound as if it were meant.")
    if _asks(own, changes):
        return Reply("ask", "The reply asks a question.")
    if _HEDGES.search(own) and _YES_WORD.search(own) and not changes:
        return Reply("unclear", "The reply wavers between yes and no.")
    negative = says_no(own) or says_no(to_english(own))
    ends = negative and ends_session(own)
    if changes and not (ends and not re.search(r"\b(?:instead|rather|but|use|change)\b", own)):
        return Reply("revise", "The reply changes the plan.", changes)
    if negative:
        return Reply("reject", "The reply says no, stop or not yet.", ends=ends)
    if _wants_change(own) and not quoted and not _HEDGES.search(own):
        return Reply("revise", "The reply wants a change that is not a known setting.")
    if quoted:
        return Reply("unclear", "The reply quotes words that are not the user's own.")
    return Reply("unclear", "The reply is neither a plain yes nor a change that I can apply.")


def _asks(own: str, changes: Mapping[str, object]) -> bool:
    """A real question; one that only wraps a demand ("can you use 2 epochs?") is none."""
    if not _ASKS.search(own):
        return False
    questions = [s for s in re.split(r"(?<=[.!?;\n])\s+|\n|,\s+(?=but |what|how|why|which)", own) if _ASKS.search(s)]
    demands = [s for s in questions if changes and _SUGGESTS.search(s) and not _DISCUSSES.search(s)]
    rhetorical = [
        s
        for s in questions
        if re.search(
            r"\b(?:are you (?:kidding|serious|crazy|mad|nuts|insane|joking)|seriously|who (?:would|on earth)|what the|how dare|really|why would i|why on earth|do i look)\b",
            s,
        )
    ]
    left = [s for s in questions if s not in demands and s not in rhetorical and not _WAVERS.search(s)]
    return bool(left) and not (changes and _imperative_elsewhere(own, questions))


def _imperative_elsewhere(own: str, questions: list[str]) -> bool:
    """Whether the change stands outside the questions: "Make it 2 epochs. What will that save?"."""
    rest = own
    for question in questions:
        rest = rest.replace(question, " ")
    return bool(
        re.search(r"\b(?:use|make|change|set|switch|take|skip|only|instead|with|reduce|lower|raise|drop|keep)\b", rest)
    ) and bool(re.search(r"\d|⟦|skip|deploy|qwen|llama|instead", rest))


_CHANGES = re.compile(
    r"\b(?:change|make it|make this|reduce|lower|increase|raise|cheaper|smaller|bigger|larger|fewer|less|more|add|remove|drop|merge|combine|balance|replace|switch|instead|only if|different|another|shorter|faster|swap|exclude|include|rather|revise|adjust|rework|redo|update|cut|ändern?|ändere|günstiger|weniger|moins|menos|más|plus de|改|换|减少|增加)\b|改|换"
)


def _wants_change(own: str) -> bool:
    return bool(_CHANGES.search(own))
