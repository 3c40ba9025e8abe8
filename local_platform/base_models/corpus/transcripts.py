"""Thought / Action / Observation transcripts with search, lookup and finish over made-up worlds.

Each transcript has a fresh little world, so nothing can be known by heart: every answer comes out of an observation.
Actions stand in the assistant's turns, observations in the user's.
"""

import random

from . import reading
from .messages import Conversation
from .wording import Side, say

TASKS = (
    "(Answer|Solve) (the question|this) with (search|the tools): search[title], lookup[word], finish[answer].",
    "(Tools|Actions): search[x], lookup[x], finish[x]. Think (first|before you act).",
    "Use Thought and Action. (Actions|You may use): search, lookup, finish.",
    "Find the answer (step by step|) with search[...], lookup[...] and finish[...].",
    "You can (act by|use) search[name], lookup[keyword], finish[answer].",
)
_THINK_SEARCH = (
    "I (need|have) to (search|look for|find) {s}.",
    "(Let me|I should|I will) search {s}( first|).",
    "The question is about {s}.",
    "First I (look up|search|find) {s}.",
    "I do not know {s} yet, so I search.",
)
_THINK_NEXT = (
    "(It says|I see that|So|The text says) it is {o}. (Next|Now) I (need|search) {o}.",
    "{o} is the (next|) one (to look for|to search).",
    "(Now|Then) I (must|should) (search|find) {o}.",
    "The page names {o}. Let me search {o}.",
    "Found {o}. I search that now.",
)
_THINK_LOOKUP = (
    "The (first sentence|page) does not (say|tell) it. I (look for|look up) {w}.",
    "(Not here|Not yet). Let me look up {w}.",
    "I should look for the word {w}.",
    "The page may say more about {w}.",
    "I need the part about {w}.",
)
_THINK_FINISH = (
    "(So|Now I know,|) the answer is {o}.",
    "(I found|It says) {o}.",
    "The (text|page) says {o}, so I can finish.",
    "That gives {o}.",
    "{o} is the answer.",
)
_THINK_RETRY = (
    "(Nothing|No page) (found|there). I (try|search) {s}.",
    "That (failed|did not work), (maybe|so I try) {s}.",
    "No such page. {s} is (close|similar).",
    "I (spelled|wrote) it wrong. Try {s}.",
    "It could not be found. Next try: {s}.",
)
_THINK_GIVE_UP = (
    "(No page tells|I cannot find|The tools do not give) the answer.",
    "(Nothing|No text) says it, so I finish.",
    "It is not (there|known).",
    "I do not know and will not guess.",
    "The search gave nothing.",
)
_CHAIN = (
    (("Where was the author of {s} born?", "In which town was the writer of {s} born?", "What is the birthplace of the author of {s}?", "The author of {s} comes from where?", "Name the birthplace of whoever wrote {s}."), ("wrote", "born")),
    (("Where does the author of {s} work?", "Who employs the writer of {s}?", "Which firm does the author of {s} work for?", "What is the employer of the author of {s}?", "Name the firm that employs whoever wrote {s}."), ("wrote", "works")),
    (("Who is the author of {s} married to?", "Who is the spouse of the writer of {s}?", "Whom did the author of {s} marry?", "The writer of {s} is married to whom?", "Name the partner of whoever wrote {s}."), ("wrote", "married")),
    (("Where does the spouse of {s} work?", "Who employs the partner of {s}?", "Which firm does the person married to {s} work for?", "What is the employer of the spouse of {s}?", "Name the firm that employs the partner of {s}."), ("married", "works")),
    (("Where was the spouse of {s} born?", "In which town was the partner of {s} born?", "What is the birthplace of the spouse of {s}?", "The person married to {s} comes from where?", "Name the birthplace of the partner of {s}."), ("married", "born")),
    (("When was the employer of {s} founded?", "In which year was the firm where {s} works founded?", "How old is the firm of {s}, when was it founded?", "The employer of {s} was founded in which year?", "Name the founding year of the firm that employs {s}."), ("works", "founded")),
)  # fmt: skip


class _Episode:
    def __init__(self, question: str, task: str):
        self.turns: Conversation = [
            {"role": "system", "content": task},
            {"role": "user", "content": f"Question: {question}"},
        ]

    def act(self, thought: str, action: str, observation: str = "") -> None:
        self.turns.append({"role": "assistant", "content": f"Thought: {thought}\nAction: {action}"})
        if observation:
            self.turns.append({"role": "user", "content": f"Observation: {observation}"})


def _misspelt(rng: random.Random, name: str) -> str:
    i = rng.randrange(1, len(name))
    return name[:i] + name[i + 1 :]


def _visit(episode: _Episode, rng: random.Random, side: Side, fact: tuple[str, str, str], thought: str) -> None:
    """Searches the subject's page until its fact has been observed: at once, by a lookup, or after a wrong spelling."""
    relation, subject, answer = fact
    title = subject.removeprefix("the ")
    sentence = reading.tell(rng, side, relation, subject, answer)
    if rng.random() < 0.12:
        wrong = _misspelt(rng, title)
        episode.act(thought, f"search[{wrong}]", f"Could not find {wrong}. Similar: {title}")
        thought = say(rng, side, _THINK_RETRY, s=title)
    if rng.random() < 0.25:
        other = rng.choice([r for r in reading.relations_of(reading.relations()[relation].subject) if r != relation])
        first = reading.tell(rng, side, other, subject, reading.object_of(rng, side, other))
        episode.act(thought, f"search[{title}]", first)
        word = reading.relations()[relation].word
        episode.act(say(rng, side, _THINK_LOOKUP, w=word), f"lookup[{word}]", sentence)
    else:
        episode.act(thought, f"search[{title}]", sentence)


def question_and_chain(rng: random.Random, side: Side) -> tuple[str, list[tuple[str, str, str]]]:
    """A question of one or two hops and its (relation, subject, answer) steps."""
    if rng.random() < 0.45:
        wordings, (first, second) = rng.choice(_CHAIN)
        middle = reading.object_of(rng, side, first)
        subject = reading.subject_of(rng, side, first)
        chain = [(first, subject, middle), (second, middle, reading.object_of(rng, side, second))]
        return say(rng, side, wordings, s=subject), chain
    relation, subject, answer = reading.facts(rng, side, 1)[0]
    return reading.question(rng, side, relation, subject), [(relation, subject, answer)]


def transcript(rng: random.Random, side: Side) -> Conversation:
    """A question of one or two hops solved with the tools; now and then nothing can be found."""
    question, chain = question_and_chain(rng, side)
    episode = _Episode(question, say(rng, side, TASKS))
    start = chain[0][1].removeprefix("the ")
    thought = say(rng, side, _THINK_SEARCH, s=start)
    if rng.random() < 0.06:
        episode.act(thought, f"search[{start}]", f"Could not find {start}.")
        episode.act(say(rng, side, _THINK_GIVE_UP), "finish[I don't know]")
        return episode.turns
    for i, fact in enumerate(chain):
        _visit(episode, rng, side, fact, thought)
        thought = say(rng, side, _THINK_NEXT if i + 1 < len(chain) else _THINK_FINISH, o=fact[2])
    episode.act(thought, f"finish[{chain[-1][2]}]")
    return episode.turns
