"""What the agent says of itself: what it can do today, and where the user's data goes. Pure."""

from __future__ import annotations

import re

from agent.planner.briefing import KINDS
from agent.session.state import SessionState
from tools.addresses import shown_address
from tuning.workflows import WORKFLOWS

_NOT_YET = ", ".join(words for name, words in KINDS.items() if name not in WORKFLOWS)
ABILITIES = (
    "I fine-tune open models with LoRA, for two kinds of work: supervised fine-tuning on example conversations (SFT), and "
    "classification, where I also measure each model before and after. I inspect your data, make a plan with its cost, ask "
    "for your yes before anything is created or spent, then train, compare, deploy the winner and write a report. Not served "
    f"today, and refused: {_NOT_YET}."
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening)|servus|moin)\b[\s!.,]*(?:there|agent|fireagent)?[\s!.]*"
)
_ABILITIES = re.compile(
    r"\bwhat (?:(?:all )?(?:can|could|do) you (?:do|offer|support)|are you (?:able to do|good (?:at|for)))(?: (?:for (?:me|us)|here|exactly|all))?[?!. ]*$"
    r"|\bwhat (?:is this|are you)[?!. ]*$"
    r"|\bwho are you\b|\bhow (?:can|do) you help|\bwhat (?:kinds?|sorts?) of (?:tuning|training|tasks?|work)|^(?:help|\?)$"
    r"|\b(?:can|do) you (?:do|support|offer|run) (?:sft|dpo|orpo|rft|grpo|preference\w*|reinforcement\w*|classification|trajector\w+)\b"
)
_PRIVACY = re.compile(
    r"\bprivate\b|\bprivacy\b|\bconfidential\w*|\btelemetry\b|\bgdpr\b|\btrust you\b|\btrust that you\b"
    r"|\b(?:data|rows|files?|texts?)\b.*\b(?:internet|cloud|leaves?|leave|uploaded|third part\w+|outside|shared)\b"
    r"|\b(?:send|sent|upload|share|leak)\w*\b.*\b(?:my|our|the) (?:data|rows|files?|texts?)\b"
    r"|\bwhere (?:does|do|is|will) (?:my|our|the) data (?:go|stay|end|stored|kept)"
)


def about(text: str, state: SessionState) -> str:
    """The answer to a greeting, or to a question about the agent itself (lower case, one line); empty for any other."""
    if _PRIVACY.search(text):
        return _privacy(state)
    if _GREETING.fullmatch(text):
        return f"Hello. {ABILITIES}"
    return ABILITIES if _ABILITIES.search(text) else ""


def _privacy(state: SessionState) -> str:
    created = state.created
    if created is not None and created.platform_kind == "fireworks":
        where = (
            "This session works on Fireworks: once you have approved the plan, the prepared data is uploaded to your account "
            "there, and the models are trained and asked there. Before that yes nothing of it is uploaded."
        )
    else:
        where = (
            "This session works on the local platform: data, training and models stay on this machine, and nothing of them is "
            "sent to the internet. No usage statistics are sent either."
        )
    if created is not None and created.llm is not None:
        where += f" The planner's model is another matter: what you write to me, and findings about the data, go to {shown_address(created.llm.url)}."
    return where
