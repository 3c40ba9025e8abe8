"""What and how much: money, read from people's own sentences in several languages."""

from __future__ import annotations

import pytest

from agent.understanding import read_instruction

JOB = "SFT qwen3-8b on tea-faq. "


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("I have $30 of credit for it and that is really all.", 30),
        ("Don't let it cost more than 25 bucks.", 25),
        ("Nothing over 40$ please.", 40),
        ("We pay OpenAI about $900 a month. This job may eat $60.", 60),
        ("The last job cost $38, this one should stay cheaper, say $20.", 20),
        ("Our customers spend $120 per order.", None),
        ("Budget: $50. Actually no, finance cut it to $35.", 35),
        ("rank 8, 2 epochs, $12", 12),
        ("A refund of $50 is what most tickets are about.", None),
        ("Das Ganze darf höchstens 45 US-Dollar kosten, bitte nicht mehr.", 45),
        ("Mein Kostenrahmen liegt bei 80 Dollar, mehr ist nicht drin.", 80),
        ("No quiero gastar más de 22 dólares, por favor.", 22),
        ("Enveloppe de 60 dollars pour nous, pas plus.", 60),
        ("预算三十五美元。", 35),
        ("花费控制在一百二十美元以内。", 120),
        ("You've got 20 bucks to play with.", 20),
        ("Please stop once you have spent $18.", 18),
        ("We've spent $400 so far on this.", None),
        ("Spend whatever you like, there's no budget limit. Last time it was $30.", None),
        ("Limit $40. EDIT: the limit is gone.", None),
        ("The yearly LLM budget is $12,000; of that this run gets $150.", 150),
        ("Tickets mention amounts like $19.99 and $250.", None),
        ("GPT-4 costs us $0.03 per call.", None),
        ("Max. $20 per job, and $60 altogether.", 60),
        ("The vendor quoted $5,000 for the same thing. Ours may cost at most $90.", 90),
        ("I'd rather not see a bill above $25.", 25),
        ("Limit is 40 USD (we burned 90 USD last time).", 40),
        ("We got $500 from a grant, that is the ceiling.", 500),
    ],
)
def test_the_limit_of_this_run_is_told_from_other_money(text: str, limit: float | None) -> None:
    assert read_instruction(JOB + text).request.budget_usd == limit


def test_a_limit_that_is_taken_back_is_not_found_again_in_the_mail_below() -> None:
    mail = "\n\n> Fine-tune llama 3.1 8b on tea-faq and keep it under $30."
    assert read_instruction("See below, but with qwen3-8b." + mail).request.budget_usd == 30
    assert read_instruction("See below, but with qwen3-8b. No cost limit after all." + mail).request.budget_usd is None
