"""Short passages with questions, answers that are copied from them, and "I don't know" when they do not say."""

import random

from . import names
from .messages import Conversation, chat
from .wording import Side, say

# relation -> (wordings of the fact, wordings of the question); {s} is the subject, {o} the answer.
RELATIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "born": (
        (
            "{s} was born in {o}.",
            "{s} comes from {o}.",
            "{s} grew up in {o}.",
            "The birthplace of {s} is {o}.",
            "{o} is where {s} was born.",
            "Born in {o}, {s} (left|moved) early.",
        ),
        (
            "Where was {s} born?",
            "Where does {s} come from?",
            "What is the birthplace of {s}?",
            "In which town was {s} born?",
            "(Tell me|Do you know) where {s} was born(?|.)",
            "Name the town where {s} grew up.",
        ),
    ),
    "works": (
        (
            "{s} works (at|for) {o}.",
            "{s} is employed (at|by) {o}.",
            "{s} has a job at {o}.",
            "{o} is the employer of {s}.",
            "Since last year {s} has worked for {o}.",
            "{o} hired {s}.",
        ),
        (
            "Where does {s} work?",
            "Who employs {s}?",
            "Which (firm|company) does {s} work for?",
            "What is the employer of {s}?",
            "For whom does {s} work?",
            "Name the firm that hired {s}.",
        ),
    ),
    "lives": (
        (
            "{s} lives in {o}.",
            "{s} has a (house|flat) in {o}.",
            "{s} moved to {o}.",
            "The home of {s} is in {o}.",
            "Today {s} lives in {o}.",
            "{o} has been home to {s} for years.",
        ),
        (
            "Where does {s} live?",
            "In which town does {s} live?",
            "Where is the home of {s}?",
            "What town did {s} move to?",
            "(Tell me|Say) where {s} lives.",
            "Where has {s} settled?",
        ),
    ),
    "capital": (
        (
            "The capital of {s} is {o}.",
            "{o} is the capital of {s}.",
            "{s} has {o} as its capital.",
            "{s} is ruled from {o}, its capital.",
            "{s}, whose capital is {o}, is (small|large).",
            "{o} became the capital of {s}.",
        ),
        (
            "What is the capital of {s}?",
            "Which town is the capital of {s}?",
            "Name the capital of {s}.",
            "{s} has which capital?",
            "Do you know the capital of {s}?",
            "From which town is {s} ruled?",
        ),
    ),
    "wrote": (
        (
            "{o} wrote {s}.",
            "{s} was written by {o}.",
            "The author of {s} is {o}.",
            "{s} is a book by {o}.",
            "{s} is the best known work of {o}.",
            "{o} is known for the novel {s}.",
        ),
        (
            "Who wrote {s}?",
            "Who is the author of {s}?",
            "Name the author of {s}.",
            "By whom was {s} written?",
            "{s} was written by whom?",
            "Whose book is {s}?",
        ),
    ),
    "founded": (
        (
            "{s} was founded in {o}.",
            "{s} was started in {o}.",
            "In {o} {s} opened its doors.",
            "The founding year of {s} is {o}.",
            "{s} goes back to {o}.",
            "{s} began in {o} in a small shop.",
        ),
        (
            "When was {s} founded?",
            "When did {s} start?",
            "What year was {s} founded?",
            "In which year did {s} begin?",
            "Tell me the founding year of {s}.",
            "Since when is there {s}?",
        ),
    ),
    "price": (
        (
            "{s} costs {o}.",
            "The price of {s} is {o}.",
            "{s} is sold for {o}.",
            "You pay {o} for {s}.",
            "{o} is what {s} costs.",
            "For {s} they ask {o}.",
        ),
        (
            "(How much|What) does {s} cost?",
            "What is the price of {s}?",
            "How much is {s}?",
            "What do I pay for {s}?",
            "Price of {s}?",
            "What do they ask for {s}?",
        ),
    ),
    "married": (
        (
            "{s} is married to {o}.",
            "{s} married {o}.",
            "{o} is the (wife|husband|partner) of {s}.",
            "{s} and {o} are a couple.",
            "{s} met {o} at school and married soon.",
            "The spouse of {s} is {o}.",
        ),
        (
            "Who is {s} married to?",
            "Whom did {s} marry?",
            "Who is the spouse of {s}?",
            "Name the partner of {s}.",
            "{s} is married to whom?",
            "With whom does {s} live as a couple?",
        ),
    ),
}
SUBJECTS = {
    "born": names.person, "works": names.person, "lives": names.person, "capital": names.surname,
    "wrote": names.place, "founded": names.firm, "price": lambda rng, side: f"the {names.item(rng)}", "married": names.person,
}  # fmt: skip
OBJECTS = {
    "born": names.place, "works": names.firm, "lives": names.place, "capital": names.place,
    "wrote": names.person, "founded": lambda rng, side: str(rng.randrange(1500, 2030)), "price": names.amount, "married": names.person,
}  # fmt: skip
_FILLERS = (
    "It was a (cold|warm|long|quiet) (day|winter|summer).",
    "(Many|Few|Some) people (know|like|remember) this.",
    "The (road|river|market) is (old|wide|busy).",
    "Nobody (asked|knew) why.",
    "(Later|Soon|Then) (everything|much) changed.",
    "The (food|music|view) there is said to be good.",
)
_PREAMBLES = (
    "(Read|Use) the (text|passage) and answer.",
    "Answer (the question|) (from|with) the (text|passage)(, or say I don't know|).",
    "(Answer|Reply) (in a few words|briefly|shortly).",
    "(Context|Passage|Text):",
    "If the text does not say it, say you do not know.",
    "Here is a (short|) (text|note).",
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


def facts(rng: random.Random, side: Side, count: int) -> list[tuple[str, str, str]]:
    """Random (relation, subject, answer) facts; now and then two about one subject."""
    made: list[tuple[str, str, str]] = []
    while len(made) < count:
        relation = rng.choice(sorted(RELATIONS))
        people = [s for r, s, _ in made if r in ("born", "works", "lives", "married")]
        if people and relation in ("born", "works", "lives", "married") and rng.random() < 0.5:
            subject = rng.choice(people)
        else:
            subject = SUBJECTS[relation](rng, side)
        if not any(r == relation and s == subject for r, s, _ in made):
            made.append((relation, subject, OBJECTS[relation](rng, side)))
    return made


def tell(rng: random.Random, side: Side, relation: str, subject: str, answer: str) -> str:
    """One sentence that states a fact."""
    text = say(rng, side, RELATIONS[relation][0], s=subject, o=answer)
    return text[0].upper() + text[1:]


def _ask(rng: random.Random, side: Side, known: list[tuple[str, str, str]]) -> tuple[str, str]:
    """A question about one of the facts and its answer; one in six asks what the facts do not tell."""
    relation, subject, answer = rng.choice(known)
    if rng.random() < 1 / 6:
        told = {r for r, s, _ in known if s == subject}
        open_relations = [r for r in RELATIONS if r not in told and SUBJECTS[r] is SUBJECTS[relation]]
        if open_relations:
            relation = rng.choice(open_relations)
        else:
            subject = SUBJECTS[relation](rng, side)
        return say(rng, side, RELATIONS[relation][1], s=subject), say(rng, side, DONT_KNOW)
    reply = answer if rng.random() < 0.6 else say(rng, side, _LONG, o=answer)
    return say(rng, side, RELATIONS[relation][1], s=subject), reply


def passage_question(rng: random.Random, side: Side) -> Conversation:
    """A passage of one to six facts and one to four questions about it."""
    known = facts(rng, side, rng.randrange(1, 7))
    sentences = [tell(rng, side, *fact) for fact in known]
    if rng.random() < 0.3:
        sentences.append(say(rng, side, _FILLERS))
    rng.shuffle(sentences)
    text = rng.choice((" ", " ", "\n")).join(sentences)
    question, reply = _ask(rng, side, known)
    form = rng.random()
    if form < 0.3:
        turns = chat(f"{text}\n{question}", reply, system=say(rng, side, _PREAMBLES))
    elif form < 0.6:
        turns = chat(f"{say(rng, side, _PREAMBLES)}\n{text}\n{question}", reply)
    else:
        turns = chat(f"{text}\n{question}" if form < 0.8 else f"{text}\n\nQuestion: {question}", reply)
    for _ in range(rng.randrange(4)):
        turns += chat(*_ask(rng, side, known))
    return turns


def unanswerable(rng: random.Random, side: Side) -> Conversation:
    """A question about a made-up thing without any text: the honest answer."""
    relation = rng.choice(sorted(RELATIONS))
    question = say(rng, side, RELATIONS[relation][1], s=SUBJECTS[relation](rng, side))
    return chat(question, say(rng, side, _HONEST))


_HONEST = (
    "I don't know.",
    "I don't know, sorry.",
    "Sorry, I do not know (that|this).",
    "I (have no information|know nothing) about (that|this).",
    "I am not sure, (so I will not guess|I have no source for this).",
)
