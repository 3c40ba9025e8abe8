"""Generated support requests with a courteous and a curt reply, and the rule that tells the two apart."""

import random
import re

from ..corpus import names, support
from ..corpus.messages import Conversation, chat
from ..corpus.wording import Side, say

_COURTEOUS = re.compile(
    r"\b(thank|thanks|sorry|apologi[sz]e|please|glad|happy|welcome|hope|regards|of course|nice day|understand)\b", re.I
)


def is_courteous(reply: str) -> bool:
    """The generating rule: a courteous reply holds a word of thanks, regret, welcome or goodwill."""
    return _COURTEOUS.search(reply) is not None


def prompt_and_replies(rng: random.Random, side: Side) -> tuple[Conversation, str, str]:
    """A customer's message under an order that leaves the manner open; a courteous reply; a curt one."""
    slots = {
        "n": names.surname(rng, side),
        "c": names.code(rng, side),
        "d": names.date(rng, side),
        "a": names.amount(rng, side),
        "i": names.item(rng),
    }
    step = re.sub(r"[Pp]lease ", "", say(rng, side, support.STEPS, **slots))
    step = step[0].upper() + step[1:]
    prompt: Conversation = [
        {"role": "system", "content": f"Reply to the customer. To say: {step}"},
        {"role": "user", "content": f"{say(rng, side, support.PROBLEMS, **slots)} {slots['n']}"},
    ]
    kind, curt = (support.reply_in_manner(rng, side, manner, slots, step) for manner in ("polite", "curt"))
    return prompt, kind, curt


def starting_texts(seed: int, count: int) -> list[Conversation]:
    """Tuning texts for the start of preference tuning: either manner, equally often."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        prompt, *replies = prompt_and_replies(rng, Side.TRAIN)
        prompt.append({"role": "assistant", "content": rng.choice(replies)})
        made.append(prompt)
    return made


def preference_rows(seed: int, count: int, side: Side) -> list[dict[str, Conversation]]:
    """TRL's preference rows: prompt, chosen (courteous), rejected (curt)."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        prompt, kind, curt = prompt_and_replies(rng, side)
        chosen, rejected = (chat("", reply)[1:] for reply in (kind, curt))
        made.append({"prompt": prompt, "chosen": chosen, "rejected": rejected})
    return made
