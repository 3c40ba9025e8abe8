"""Tasks about single words and whole sentences: kinds, words alike, the odd one out, copying real words, same request.

They teach which words and requests belong together, which is what a classifier needs to meet wordings it never saw.
"""

import random
from functools import cache

from . import choice, names
from .messages import Conversation, chat
from .wording import Side, asked, casual, data, say, wordings

_KIND_OF = (
    "What kind of (word|thing) is {w}?",
    "{w} is a kind of (what|...)?",
    "{w} - which (kind|group|category)?",
    "(Name|Give|Say) the (category|kind) of {w}.",
    "To which (group|kind|class) does {w} belong?",
    "What is {w}, {o}?",
    "Is {w} {o}?",
)
_ALIKE = (
    "(Give|Name|Tell me) a word (like|for|that means the same as) {w}.",
    "Another word for {w}?",
    "What means (nearly|) the same as {w}?",
    "(Find|Say) (a synonym of|something close to) {w}.",
    "{w} - in another word?",
    "Which of these is like {w}: {o}?",
    "{o}: which means the same as {w}?",
)
_ODD = (
    "Which (word|one) does not (fit|belong): {l}?",
    "{l} - which is the odd one out?",
    "Find the odd one (out|) in {l}.",
    "One of {l} is (different|wrong here). Which (one|)?",
    "(Name|Say) the word that does not belong to the others: {l}",
    "Odd one out: {l}",
)
_PICK_KIND = (
    "Which of these is (a|some) {k}: {l}?",
    "{l} - (find|pick) the {k}.",
    "(Name|Pick|Choose) the {k} in this list: {l}",
    "{l}. Which (one|word) is a {k}?",
    "There is one {k} here: {l}. (Which|Name it).",
    "The {k} among {l} is",
)
_SAME = (
    "Do (both|these two|the two messages) (want|mean|ask for) the same?",
    "(Same|Is it the same) (request|topic) or (not|different)?",
    "Are (these|they) about the same (thing|topic)?",
    "(Yes or no|Say yes or no): one topic?",
    "Compare the (two|) messages. Same (aim|topic)?",
)


@cache
def _lexicon() -> tuple[dict[str, list[str]], list[list[str]], list[str]]:
    lexicon = data("lexicon")
    kinds = {kind: words.split() for kind, words in lexicon["kinds"].items()}
    return kinds, lexicon["alike"], lexicon["forms"].split()


@cache
def all_words() -> tuple[str, ...]:
    """Every single word of the lexicon and of the domains' phrases."""
    kinds, alike, forms = _lexicon()
    phrases = (p for side in Side for labels in choice.domains(side).values() for ps in labels.values() for p in ps)
    parts = data("requests")
    said = (w for name in ("verbs", "things", "asks", "troubles") for ws in parts[name].values() for w in ws)
    plain = (w for p in (*phrases, *said) for w in "".join(c if c.isalpha() else " " for c in p).split())
    grouped = (w for group in (*kinds.values(), *alike) for entry in group for w in entry.split())
    return tuple(sorted({*grouped, *forms, *plain}))


def kind_of(rng: random.Random, side: Side) -> Conversation:
    """The kind of a word, freely or among two."""
    kinds, _, _ = _lexicon()
    kind, other = rng.sample(sorted(kinds), 2)
    pair = rng.sample((kind, other), 2)
    return chat(say(rng, side, _KIND_OF, w=rng.choice(kinds[kind]), o=f"a {pair[0]} or a {pair[1]}"), kind)


def alike(rng: random.Random, side: Side) -> Conversation:
    """A word of like meaning, freely or out of three."""
    groups = _lexicon()[1]
    group, *others = rng.sample(groups, 3)
    word, answer = rng.sample(group, 2)
    offered = [answer, *(rng.choice(other) for other in others)]
    rng.shuffle(offered)
    return chat(say(rng, side, _ALIKE, w=word, o=", ".join(offered)), answer)


def odd_one_out(rng: random.Random, side: Side) -> Conversation:
    """Three words of a kind and a stranger: name the stranger, or the one of a named kind."""
    kinds = _lexicon()[0]
    many, one = rng.sample(sorted(kinds), 2)
    stranger = rng.choice(kinds[one])
    listed = [stranger, *rng.sample([w for w in kinds[many] if w != stranger], rng.randrange(2, 5))]
    rng.shuffle(listed)
    line = ", ".join(listed)
    if rng.random() < 0.5:
        return chat(say(rng, side, _ODD, l=line), stranger)
    return chat(say(rng, side, _PICK_KIND, l=line, k=one), stranger)


def echo(rng: random.Random, side: Side) -> Conversation:
    """Random real words, to be written again: every token gets to be copied."""
    some = [rng.choice(all_words()) for _ in range(rng.randrange(1, 9))]
    if rng.random() < 0.2:
        some = [w.capitalize() for w in some]
    if rng.random() < 0.3:
        some.insert(rng.randrange(len(some) + 1), names.surname(rng, side))
    line = rng.choice((" ", " ", ", ", "_", "/")).join(some)
    return chat(asked(rng, side, wordings("echo"), x=line), line)


def same_request(rng: random.Random, side: Side) -> Conversation:
    """Whether two messages of one domain want the same."""
    labels = choice.any_domain(rng, side)[1]
    first, second = rng.sample(sorted(labels), 2)
    second = first if rng.random() < 0.5 else second
    texts = [choice.request(rng, side, labels[x]) for x in (first, second)]
    answer = "yes" if first == second else "no"
    question = say(rng, side, _SAME)
    if rng.random() < 0.5:
        return chat("\n".join(texts), answer, system=question)
    return chat(f"1. {texts[0]}\n2. {texts[1]}\n{question}", answer)


def _shown(rng: random.Random, label: str, others: list[str]) -> str:
    """The label alone or, as class names often are, joined to another word."""
    form = rng.random()
    if form < 0.5:
        return label.replace(" ", "_")
    return f"{label}_{rng.choice(others)}" if form < 0.75 else f"{rng.choice(others)}_{label}"


def spotted(rng: random.Random, side: Side) -> Conversation:
    """Label choice with labels from the whole lexicon: the text mentions the label's word, one like it or of its kind.

    There are too many labels to know by heart; they have to be read in the prompt.
    """
    kinds, groups, _ = _lexicon()
    count = rng.randrange(2, 7)
    pairs: list[tuple[str, str]]
    form = rng.random()
    if form < 0.5:
        pairs = [(word, word) for word in rng.sample(all_words(), count)]
    elif form < 0.75:
        pairs = [(a, b) for a, b in (rng.sample(group, 2) for group in rng.sample(groups, count))]
    else:
        pairs = [(kind, rng.choice(kinds[kind])) for kind in rng.sample(sorted(kinds), count)]
    labels = [_shown(rng, label, list(all_words())) for label, _ in pairs]
    chosen = rng.randrange(count)
    turns = choice.ask(
        rng,
        choice.order_with_menu(rng, side, labels),
        casual(rng, asked(rng, side, wordings("mention"), w=pairs[chosen][1])),
        labels[chosen],
    )
    for _ in range(rng.choice((0, 1, 2)) if turns[0]["role"] == "system" else 0):
        chosen = rng.randrange(count)
        turns += chat(casual(rng, asked(rng, side, wordings("mention"), w=pairs[chosen][1])), labels[chosen])
    return turns
