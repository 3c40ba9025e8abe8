"""The mix: which task takes what share of the training text."""

import random
from collections.abc import Callable, Iterator, Mapping

from . import arithmetic, choice, copying, reading, support, tool_calls, transcripts, words
from .messages import Conversation
from .wording import Side, say

Task = Callable[[random.Random, Side], Conversation]

# Shares are of conversations, not of tokens: transcripts are about five times as long as the rest.
MIX: dict[Task, float] = {
    copying.repeat: 20,
    copying.introduction: 3,
    copying.extract_field: 16,
    copying.extract_json: 6,
    copying.pick_from_list: 4,
    copying.change_case: 2,
    copying.status: 4,
    choice.by_heart: 7,
    choice.from_menu: 19,
    choice.random_answer: 2,
    choice.defined: 5,
    choice.by_examples: 4,
    choice.yes_or_no: 4,
    reading.passage_question: 26,
    reading.unanswerable: 0.7,
    arithmetic.bare: 3,
    arithmetic.story: 2,
    arithmetic.compare: 1,
    arithmetic.count: 1,
    support.reply: 5,
    support.rewrite: 2,
    support.small_talk: 1,
    support.hand_over: 2,
    transcripts.transcript: 4,
    tool_calls.call: 2,
    words.kind_of: 1.5,
    words.alike: 2,
    words.odd_one_out: 2,
    words.echo: 6,
    words.same_request: 4,
    words.spotted: 12,
}


# The start: mostly copying, in short texts. Attention that copies has to form before the other tasks can be learned from
# the prompt; the denser copying is, the fewer tokens that takes.
FIRST_MIX: dict[Task, float] = {
    copying.repeat: 30,
    copying.introduction: 8,
    copying.extract_field: 14,
    copying.pick_from_list: 5,
    copying.status: 8,
    words.echo: 30,
    words.spotted: 4,
    arithmetic.compare: 5,
}
# For the larger model, which has room for it: more of finding the one fact that is asked for.
LARGER_MIX: dict[Task, float] = {
    **MIX,
    copying.repeat: 14,
    copying.extract_field: 12,
    copying.every_field: 18,
    reading.passage_question: 18,
    reading.every_fact: 28,
    words.echo: 4,
}
# Then also labels that were never seen, which have to be read in the prompt.
LABELS_MIX: dict[Task, float] = {
    **LARGER_MIX,
    copying.every_field: 16,
    reading.every_fact: 24,
    reading.passage_question: 14,
    choice.mentioned: 34,
    choice.random_answer: 5,
    choice.by_heart: 5,
    words.spotted: 20,
}
# And for long: both, and every way of copying, in many wordings.
LONG_MIX: dict[Task, float] = {
    **LABELS_MIX,
    copying.repeat: 18,
    copying.introduction: 5,
    copying.extract_field: 16,
    copying.every_field: 20,
    choice.from_menu: 24,
    choice.random_answer: 7,
    choice.mentioned: 28,
    reading.every_fact: 26,
    words.spotted: 16,
}
_PERSONAS = (
    "You are a (helpful|friendly|small|) assistant.",
    "(Answer|Help) the user.",
    "You (work|help) (at|for) a (shop|bank|firm|school).",
    "You are a (support|service) agent(. Be brief|. Be kind|).",
    "(Follow|Do) what the user (asks|says).",
)
_PERSONA_SHARE = 0.15


def conversations(
    seed: int, side: Side = Side.TRAIN, mix: Mapping[Task, float] | None = None
) -> Iterator[Conversation]:
    """An endless stream of conversations of the mix, the same for the same seed; some get a general system turn."""
    rng = random.Random(seed)
    shares_of = MIX if mix is None else mix
    tasks, shares = list(shares_of), list(shares_of.values())
    while True:
        made = rng.choices(tasks, shares)[0](rng, side)
        if made[0]["role"] != "system" and rng.random() < _PERSONA_SHARE:
            made.insert(0, {"role": "system", "content": say(rng, side, _PERSONAS)})
        yield made
