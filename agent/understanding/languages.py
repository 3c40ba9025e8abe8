"""Reading other languages through a glossary: their words become the English ones that the readers know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TypedDict

from agent.understanding import patterns as re
from agent.understanding.foreign_numbers import foreign_numbers
from agent.understanding.numbers import han_numbers
from agent.understanding.vocabulary import load_list, words

_ENGLISH = words("english_hints")
_WORD = re.compile(r"(?<![\w-])[^\W\d_]+(?:'[^\W\d_]+)?")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ELISION = re.compile(r"(?<!\w)(?:[ldsc]|qu)'(?=\w)", re.IGNORECASE)
_ACCENTS = str.maketrans(
    "àâäáãçéèêëíìîïñóòôöõúùûüýÀÂÄÁÃÇÉÈÊËÍÌÎÏÑÓÒÔÖÕÚÙÛÜÝ", "aaaaaceeeeiiiinooooouuuuyAAAAACEEEEIIIINOOOOOUUUUY"
)
_UMLAUTS = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"}
"""People leave accents out, or spell umlauts out; both are found by the same words."""
_LEAST_HINTS = 2
"""Common words that a text needs before it is taken for another language; one alone may be a name."""
_READ_FOR_HINTS = 4000


class _Entry(TypedDict):
    hints: list[str]
    words: dict[str, str]


@dataclass(frozen=True)
class _Language:
    """`words` by their folded form; a key that ends in a star is a stem and stands for all words that begin so."""

    hints: frozenset[str]
    words: dict[str, str]


@lru_cache(maxsize=1)
def _languages() -> dict[str, _Language]:
    raw = load_list("glossary.yaml")
    return {code: _language(entry) for code, entry in raw.items()}


def _language(entry: _Entry) -> _Language:
    words = {str(k).lower(): str(v) for k, v in entry["words"].items()}
    hints = frozenset(h for h in map(str, entry["hints"]) if len(h) > 1 and h not in _ENGLISH) | _telling(words)
    spelt_out = {key.translate(_UMLAUTS): value for key, value in words.items()}
    return _Language(frozenset(map(_folded, hints)), {_folded(k): v for k, v in (spelt_out | words).items()})


@lru_cache(maxsize=16)
def _pattern(code: str) -> re.Pattern[str]:
    """The words of a language; compiled only when a text is in it, for that takes longer than reading one."""
    words = sorted(_languages()[code].words, key=len, reverse=True)
    longest_first = "|".join(re.escape(w.rstrip("*")) + (r"\w*" if w.endswith("*") else "") for w in words)
    # Chinese has no spaces between words; the others end at a letter that is none of theirs.
    text = longest_first if code == "zh" else rf"(?<![\w⟦./-])(?:{longest_first})(?![\w⟧/-])(?!\.\w)"
    return re.compile(text, re.IGNORECASE)


def _folded(text: str) -> str:
    """The text without accents, letter for letter, so that places in it stay the same."""
    return text.translate(_ACCENTS)


def _meaning(words: dict[str, str], found: str) -> str:
    """The English for a word of the text: its own entry, else that of the longest stem it begins with."""
    if found in words:
        return words[found]
    ends = range(len(found), 0, -1)
    return next((words[stem] for end in ends if (stem := f"{found[:end]}*") in words), found)


def _telling(words: dict[str, str]) -> frozenset[str]:
    """The glossary's longer words that no English text holds: they tell the language as its common words do."""
    english = {piece for meaning in words.values() for piece in re.split(r"[ -]", meaning)}
    return frozenset(
        w
        for w in words
        if (len(w) >= 5 and w.isalpha() and w not in english and not w.isascii())
        or (len(w) >= 7 and w.isalpha() and w not in english)
    )


def language_of(text: str) -> str:
    """The language a text is written in: en, de, fr, es, it, pt, nl or zh. In doubt en."""
    if _HAN.search(text):
        return "zh"
    seen = [_folded(w.lower()) for w in _WORD.findall(text[:_READ_FOR_HINTS])]
    english = sum(w in _ENGLISH for w in seen)
    hits = Counter(code for word in seen for code in _codes_by_hint().get(word, ()))
    best, count = max(hits.items(), key=itemgetter(1), default=("en", 0))
    return best if count > max(english, _LEAST_HINTS - 1) else "en"


@lru_cache(maxsize=1)
def _codes_by_hint() -> dict[str, tuple[str, ...]]:
    """The languages that a telling word points to."""
    words = {word for language in _languages().values() for word in language.hints}
    return {word: tuple(c for c, language in _languages().items() if word in language.hints) for word in words}


def to_english(text: str) -> str:
    """The text with the words of its language replaced by English ones; order and names stay as they are."""
    code = language_of(text)
    if code == "en":
        return text
    if code == "zh":
        text = han_numbers(text)
    text = foreign_numbers(text, code)
    words = _languages()[code].words
    space = " " if code == "zh" else ""
    out: list[str] = []
    at = 0
    for match in _pattern(code).finditer(_folded(text)):
        out += [text[at : match.start()], space, _meaning(words, match.group().lower()), space]
        at = match.end()
    english = "".join([*out, text[at:]])
    return re.sub(r" {2,}", " ", _ELISION.sub("", english) if code == "fr" else english)
