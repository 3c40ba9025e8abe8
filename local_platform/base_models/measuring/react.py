"""ReAct: a model tuned on generated trajectories acts in a live little world of held-out names and wordings."""

import random
import re
from dataclasses import dataclass

from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ..corpus import reading, transcripts
from ..corpus.messages import Conversation
from ..corpus.wording import Side, say
from .generation import answers

_ACTION = re.compile(r"Thought: [^\n]+\nAction: (search|lookup|finish)\[([^\[\]\n]+)\]")
_MAX_TURNS = 6
_TEST_SEED, _TRAIN_SEED = 32, 31


@dataclass(frozen=True)
class Task:
    """A question, the pages that can be searched, the answer."""

    start: Conversation
    pages: dict[str, list[str]]
    answer: str


def trajectories(count: int) -> list[Conversation]:
    """Generated trajectories to tune on."""
    rng = random.Random(_TRAIN_SEED)
    return [transcripts.transcript(rng, Side.TRAIN) for _ in range(count)]


def tasks(count: int) -> list[Task]:
    """Held-out questions of one and two hops with their worlds; each page has three other sentences too."""
    rng = random.Random(_TEST_SEED)
    made = []
    for _ in range(count):
        question, chain = transcripts.question_and_chain(rng, Side.TEST)
        pages: dict[str, list[str]] = {}
        for relation, subject, answer in chain:
            page = [reading.tell(rng, Side.TEST, relation, subject, answer)]
            kind = reading.relations()[relation].subject
            others = rng.sample([r for r in reading.relations_of(kind) if r != relation], 3)
            page += [reading.tell(rng, Side.TEST, r, subject, reading.object_of(rng, Side.TEST, r)) for r in others]
            pages[subject.removeprefix("the ")] = page
        system = say(rng, Side.TEST, transcripts.TASKS)
        start: Conversation = [
            {"role": "system", "content": system},
            {"role": "user", "content": f"Question: {question}"},
        ]
        made.append(Task(start, pages, chain[-1][2]))
    return made


def observe(pages: dict[str, list[str]], page: list[str], action: str, argument: str) -> tuple[str, list[str]]:
    """(what the environment answers, the page that is open afterwards)."""
    if action == "search":
        if argument in pages:
            return pages[argument][0], pages[argument]
        similar = ", ".join(sorted(pages, key=lambda title: -len(set(title) & set(argument)))[:2])
        return f"Could not find {argument}. Similar: {similar}", page
    found = [sentence for sentence in page if argument.lower() in sentence.lower()]
    return (found[0] if found else f"No sentence with {argument}."), page


def measure(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, count: int = 200) -> dict[str, tuple[int, int]]:
    """Valid actions of all turns; tasks that finish with the right answer. Episodes run side by side."""
    some = tasks(count)
    transcripts_so_far = [list(task.start) for task in some]
    open_pages: list[list[str]] = [[] for _ in some]
    active = list(range(count))
    valid = turns = right = 0
    for _ in range(_MAX_TURNS):
        replies = answers(model, tokenizer, [transcripts_so_far[i] for i in active], max_new_tokens=64)
        going_on = []
        for i, reply in zip(active, replies, strict=True):
            turns += 1
            match = _ACTION.fullmatch(reply)
            if match is None:
                continue
            valid += 1
            action, argument = match.groups()
            if action == "finish":
                right += argument == some[i].answer
                continue
            seen, open_pages[i] = observe(some[i].pages, open_pages[i], action, argument)
            transcripts_so_far[i] += [
                {"role": "assistant", "content": reply},
                {"role": "user", "content": f"Observation: {seen}"},
            ]
            going_on.append(i)
        active = going_on
        if not active:
            break
    return {"valid actions": (valid, turns), "right answers": (right, count)}
