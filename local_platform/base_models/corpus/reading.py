"""Short passages with questions, answers that are copied from them, and "I don't know" when they do not say."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from . import names
from .messages import Conversation, chat
from .wording import Side, asked, data, say, wordings


@dataclass(frozen=True)
class Relation:
    """A kind of fact: what makes its subject and its answer, a word that finds it on a page, its wordings."""

    subject: str
    object: str
    word: str
    tell: tuple[str, ...]
    ask: tuple[str, ...]


@cache
def relations() -> dict[str, Relation]:
    """All relations of relations.yaml, the roles under "role of a KIND"."""
    content = data("relations")
    made = {
        name: Relation(r["subject"], r["object"], r["word"], tuple(r["tell"]), tuple(r["ask"]))
        for name, r in content["relations"].items()
    }
    for subject, roles in content["roles"].items():
        for role, kind in roles.items():
            tell, ask = (tuple(w.replace("{r}", role) for w in content["role"][part]) for part in ("tell", "ask"))
            made[f"{role} of a {subject}"] = Relation(subject, kind, role, tell, ask)
    return made


@cache
def relations_of(subject: str) -> tuple[str, ...]:
    """The names of the relations that subjects of a kind have."""
    return tuple(name for name, relation in relations().items() if relation.subject == subject)


def subject_of(rng: random.Random, side: Side, relation: str) -> str:
    """A subject for a fact of the relation."""
    return names.KINDS[relations()[relation].subject](rng, side)


def object_of(rng: random.Random, side: Side, relation: str) -> str:
    """An answer for a fact of the relation."""
    return names.KINDS[relations()[relation].object](rng, side)


def question(rng: random.Random, side: Side, relation: str, subject: str) -> str:
    """One question for a fact, as people type it."""
    return asked(rng, side, relations()[relation].ask, s=subject)


_FILLERS = (
    "It was a (cold|warm|long|quiet) (day|winter|summer).",
    "(Many|Few|Some) people (know|like|remember) this.",
    "The (road|river|market) is (old|wide|busy).",
    "Nobody (asked|knew) why.",
    "(Later|Soon|Then) (everything|much) changed.",
    "The (food|music|view) there is said to be good.",
)
DONT_KNOW = (
    "I don't know.",
    "I don't know, the text does not say.",
    "The text does not say.",
    "I do not know that.",
    "That is not in the text, so I don't know.",
)
_LONG = (
    "{o}.", "It is {o}.", "The answer is {o}.", "According to the text, {o}.", "That would be {o}.", "It says {o}.",
)  # fmt: skip


# Half of the facts are of one of the common relations, the rest of any role.
_COMMON = 0.5
_SAME_SUBJECT = 0.4


def _relation(rng: random.Random) -> str:
    named: Mapping[str, object] = data("relations")["relations"] if rng.random() < _COMMON else relations()
    return rng.choice(sorted(named))


def facts(rng: random.Random, side: Side, count: int) -> list[tuple[str, str, str]]:
    """Random (relation, subject, answer) facts; often two about one subject, or of one relation."""
    made: list[tuple[str, str, str]] = []
    while len(made) < count:
        relation = _relation(rng)
        subject = subject_of(rng, side, relation)
        if made and rng.random() < _SAME_SUBJECT:
            known, subject, _ = rng.choice(made)
            relation = rng.choice(relations_of(relations()[known].subject))
        elif made and rng.random() < 0.25:
            relation = rng.choice(made)[0]
            subject = subject_of(rng, side, relation)
        answer = object_of(rng, side, relation)
        if not any((r == relation and s == subject) or o == answer for r, s, o in made):
            made.append((relation, subject, answer))
    return made


def tell(rng: random.Random, side: Side, relation: str, subject: str, answer: str) -> str:
    """One sentence that states a fact."""
    text = say(rng, side, relations()[relation].tell, s=subject, o=answer)
    return text[0].upper() + text[1:]


def _ask(rng: random.Random, side: Side, known: list[tuple[str, str, str]], unknown: float) -> tuple[str, str]:
    """A question about one of the facts and its answer; a share asks what the facts do not tell."""
    relation, subject, answer = rng.choice(known)
    if rng.random() < unknown:
        told = {r for r, s, _ in known if s == subject}
        open_relations = [r for r in relations_of(relations()[relation].subject) if r not in told]
        if rng.random() < 0.6:
            relation = rng.choice(open_relations)
        else:
            subject = subject_of(rng, side, relation)
        return question(rng, side, relation, subject), say(rng, side, DONT_KNOW)
    reply = answer if rng.random() < 0.8 else say(rng, side, _LONG, o=answer)
    return question(rng, side, relation, subject), reply


def passage_question(rng: random.Random, side: Side) -> Conversation:
    """A passage of one to five facts and one to four questions about it."""
    known = facts(rng, side, rng.choice((1, 2, 2, 3, 3, 4, 5)))
    sentences = [tell(rng, side, *fact) for fact in known]
    if rng.random() < 0.2:
        sentences.append(say(rng, side, _FILLERS))
    rng.shuffle(sentences)
    text = rng.choice((" ", " ", "\n")).join(sentences)
    first, reply = _ask(rng, side, known, 0.08)
    form = rng.random()
    if form < 0.2:
        turns = chat(f"{text}\n{first}", reply, system=asked(rng, side, wordings("preamble")))
    elif form < 0.35:
        turns = chat(f"{asked(rng, side, wordings('preamble'))}\n{text}\n{first}", reply)
    elif form < 0.5:
        turns = chat(f"{first}\n{text}", reply)
    elif form < 0.6:
        turns = chat(first, reply, system=text)
    else:
        turns = chat(f"{text}{rng.choice((chr(10), ' ', chr(10) * 2 + 'Question: '))}{first}", reply)
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        turns += chat(*_ask(rng, side, known, 0.08))
    return turns


def every_fact(rng: random.Random, side: Side) -> Conversation:
    """A passage of two to five facts and a question about each of them, answered in a word or two."""
    known = facts(rng, side, rng.choice((2, 3, 3, 4, 5)))
    text = rng.choice((" ", " ", "\n")).join(tell(rng, side, *fact) for fact in known)
    turns: Conversation = []
    for relation, subject, answer in rng.sample(known, len(known)):
        asks = question(rng, side, relation, subject)
        turns += chat(asks if turns else f"{text}\n{asks}", answer)
    return turns


def unanswerable(rng: random.Random, side: Side) -> Conversation:
    """A question about a made-up thing without any text: the honest answer."""
    relation = _relation(rng)
    return chat(question(rng, side, relation, subject_of(rng, side, relation)), say(rng, side, _HONEST))


_HONEST = (
    "I don't know.",
    "I don't know, sorry.",
    "Sorry, I do not know (that|this).",
    "I (have no information|know nothing) about (that|this).",
    "I am not sure, (so I will not guess|I have no source for this).",
)
