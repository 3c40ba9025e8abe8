"""The mix: which task takes what share of the training text."""

import random
from collections.abc import Callable, Iterator, Mapping

from . import arithmetic, choice, copying, reading, support, tool_calls, transcripts, words
from .messages import Conversation
from .wording import Side, say

Task = Callable[[random.Random, Side], Conversation]

# Shares are of conversations, not of tokens: transcripts are about five times as long as the rest.
MIX: dict[Task, float] = {
    copying.repeat: 12,
    copying.introduction: 3,
    copying.extract_field: 12,
    copying.extract_json: 6,
    copying.pick_from_list: 4,
    copying.change_case: 2,
    copying.status: 6,
    choice.by_heart: 8,
    choice.from_menu: 12,
    choice.random_answer: 3,
    choice.defined: 5,
    choice.by_examples: 4,
    choice.yes_or_no: 4,
    reading.passage_question: 14,
    reading.unanswerable: 1,
    arithmetic.bare: 4,
    arithmetic.story: 3,
    arithmetic.compare: 1,
    arithmetic.count: 1,
    support.reply: 5,
    support.rewrite: 2,
    support.small_talk: 1,
    support.hand_over: 4,
    transcripts.transcript: 8,
    tool_calls.call: 2,
    words.kind_of: 2,
    words.alike: 3,
    words.odd_one_out: 3,
    words.echo: 6,
    words.same_request: 4,
}


# The start: mostly copying, in short texts. Attention that copies has to form before the other tasks can be learned from
# the prompt; the denser copying is, the fewer tokens that takes.
FIRST_MIX: dict[Task, float] = {
    copying.repeat: 30,
    copying.introduction: 8,
    copying.extract_field: 12,
    copying.pick_from_list: 5,
    copying.status: 8,
    words.echo: 30,
    choice.random_answer: 2,
    arithmetic.compare: 5,
}
# The last part of a run: more of what comes late, reading labels and answers out of the prompt.
LAST_MIX: dict[Task, float] = {
    **MIX,
    copying.repeat: 16,
    copying.extract_field: 14,
    choice.by_heart: 4,
    choice.from_menu: 14,
    choice.random_answer: 2,
    choice.defined: 7,
    choice.by_examples: 5,
    reading.passage_question: 22,
    words.echo: 8,
    words.spotted: 22,
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
