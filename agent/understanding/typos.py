"""Correcting misspelt words of the trade ("epcohs", "datset"), never names, numbers or ordinary words."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from agent.understanding import patterns as re
from agent.understanding.vocabulary import words

_TRADE = tuple(sorted(words("trade")))
_NEIGHBOURS = words("trade_neighbours")
_WORD = re.compile(r"(?<![\w⟦/.'-])[a-zA-Z]{5,}(?:-[a-zA-Z]{3,})?(?![\w⟧/'-])")
_SLIPS = {
    "teh": "the",
    "hte": "the",
    "adn": "and",
    "wiht": "with",
    "u": "you",
    "evaluater": "evaluator",
    "evaluaters": "evaluators",
    "ur": "your",
    "plz": "please",
    "pls": "please",
    "gimme": "give me",
    "lemme": "let me",
    "wanna": "want to",
    "gonna": "going to",
    "gotta": "have to",
    "dont": "don't",
    "doesnt": "doesn't",
    "wont": "won't",
    "cant": "can't",
    "isnt": "isn't",
    "didnt": "didn't",
    "shouldnt": "shouldn't",
    "tunning": "tuning",
    "rnk": "rank",
    "rnks": "ranks",
    "ds": "dataset",
    "cuz": "because",
    "bc": "because",
    "tho": "though",
    "thru": "through",
    "tmrw": "tomorrow",
    "tmr": "tomorrow",
}
"""Short everyday words as they are slipped or shortened; a reader would else take them for a name."""
_SLIP = re.compile(rf"(?<![\w⟦/.'-])(?:{'|'.join(_SLIPS)})(?![\w⟧/'.-])(?!\.\w)", re.IGNORECASE)
_AFTER_NAMING_WORD = re.compile(r"(?:called|named|dataset|set|evaluator|corpus)[:\s\"']*$", re.IGNORECASE)


def corrected(text: str) -> str:
    """The text with misspelt trade words put right. A word that follows "called", "dataset" or the like is a name."""

    def fix(match: re.Match[str]) -> str:
        if _AFTER_NAMING_WORD.search(text, max(0, match.start() - 12), match.start()):
            return match.group()
        return correct_word(match.group())

    text = _SLIP.sub(lambda m: _SLIPS[m.group().lower()], text)
    return _WORD.sub(fix, text)


@lru_cache(maxsize=8192)
def correct_word(word: str) -> str:
    """One word: the trade word within one slip (two from eight letters on), or the word itself."""
    low = word.lower()
    if low in _TRADE or low in _NEIGHBOURS:
        return word
    found = process.extractOne(low, _TRADE, scorer=OSA.distance, score_cutoff=1 if len(low) < 8 else 2)
    if found is None or found[0][0] != low[0] or len(found[0]) < 5:
        return word
    return found[0]
