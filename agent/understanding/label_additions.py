"""Reading that a label is added to those that stand: "now add the label x", "add x as a label", "take sales back in"."""

from __future__ import annotations

from dataclasses import replace

from agent.understanding import patterns as re
from agent.understanding.result import Reply
from agent.understanding.text import bounded, normalised
from tuning.one_label import normal
from tuning.request import Request

_NOUN = r"(?:labels?|class(?:es)?|categor(?:y|ies)|intents?)"
_STOP = r"(?:and|or|to|as|with|then|please|but|for|too|also|again|back|proceed|go|run|train|use|called|named|the|a|an|it|them|this|that|more|of|in|from)"
_WORD = rf"(?:\"[^\"\n]{{1,60}}\"|'[^'\n]{{1,60}}'|(?!{_STOP}\b)[\w][\w/&+.#-]*)"
_NAMES = rf"{_WORD}(?:(?:\s*,\s*(?:and )?| and | & ){_WORD})*"
_COMPOUND = r"(?:the |a |an |another |some |more |new )*label (?:columns?|fields?|smoothing|noise)\b"
"""What is no label: a part of the data, or a technique."""
_ADDED = re.compile(
    rf"\b(?:add|include|introduce|put in|take (?:back )?in) (?:also |back )?(?!{_COMPOUND})(?:the |a |an |one |another |more |new |further |two |three |\d )*{_NOUN}:? (?:called |named )?(?P<after>{_NAMES})"
    rf"|\b(?:add|include|introduce) (?:also )?(?:the )?(?P<before>{_NAMES}) (?:as (?:a |an |another )?(?:new |further |extra )?{_NOUN}|to (?:the |my |our )?(?:list of )?{_NOUN}|{_NOUN}(?= (?:too|as well|again|back)|\W*$))"
    rf"|\b(?:take|put|bring) (?:the )?(?:{_NOUN} )?(?P<back>{_NAMES}) (?:back in|back)\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|never|don'?t|no|without)\b[^.;]{0,20}$", re.IGNORECASE)


def read_added_labels(text: str) -> tuple[str, ...]:
    """The labels that a text adds, as written."""
    found: list[str] = []
    plain = normalised(bounded(text))
    for match in _ADDED.finditer(plain):
        if not _NOT.search(plain[: match.start()]):
            names = next(group for group in match.groups() if group)
            found += [name.strip(" .\"'") for name in re.split(r"\s*,\s*(?:and )?| and | & ", names)]
    return tuple(dict.fromkeys(found))


def with_added_labels(reply: Reply, text: str, current: Request) -> Reply:
    """A change that adds labels, with the list of labels as it then is; any other reply as it was.

    A label that had been left out comes back; others are put behind the labels that stand in `current`.
    """
    if current.workflow != "classification" or reply.label not in ("revise", "unclear") or "labels" in reply.changes:
        return reply
    added = {normal(label): label for label in read_added_labels(text)}
    kept = tuple(label for label in current.drop_labels if normal(label) not in added)
    there = {normal(label) for label in (*current.labels, *current.drop_labels)}
    new = tuple(label for key, label in added.items() if key not in there)
    changes: dict[str, object] = {}
    if kept != current.drop_labels:
        changes["drop_labels"] = list(kept)
    if new and current.labels:
        changes["labels"] = [*current.labels, *new]
    if not changes:
        return reply
    return replace(reply, label="revise", reason="The reply adds labels.", changes={**reply.changes, **changes})
