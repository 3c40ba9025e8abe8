"""Words of a reply in one spelling, with the places where a sentence or a part of it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.understanding import patterns as re

Tokens = tuple[str, ...]

_SIGN_WORDS = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Characters of Chinese, Japanese and Korean, each of which is taken as a word."""
_LETTERS = rf"[^\W\d_{_SIGN_WORDS}]+"
_TOKEN = re.compile(
    rf"[{_SIGN_WORDS}]|{_LETTERS}(?:-{_LETTERS})*'?|\+\d+|\d+(?:[.,:]\d+)*|[^\s,.!;:—*\-\w]|_|[,.!;:—\n]|(?<=\s)-(?=\s)"
)
_DECORATION = re.compile("[\U0001f3fb-\U0001f3ff]|:-?[)d](?![a-z])|\\^\\^|[;x]-?\\)|[(（](?=[)）])")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_SOFT = frozenset(",\n")
_HARD = frozenset(".!;:—-")
_ACCENTS = str.maketrans("àâáãåçéèêëíìîïñóòôõúùûý", "aaaaaceeeeiiiinoooouuuy")
"""Accents that people leave out. Umlauts stay: "schon" is not "schön"."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_CLITICS = r"-(?=(?:le|la|les|y|moi|nous|vous|en|toi|tu|ce|il|je|on)\b)"
_SIMPLIFIED = str.maketrans(
    "開這個沒問題進執練謝認確計畫劃繼續過訓獲勝優選評價費錢對話無們來說還間時動啟審讚贊嗎後發應該給請數據準備",
    "开这个没问题进执练谢认确计画划继续过训获胜优选评价费钱对话无们来说还间时动启审赞赞吗后发应该给请数据准备",
)
_YES_WITH_ACCENT = "sí"
"""The Spanish and Italian yes; without the accent the word also means "if", in French too."""
_AFTER_YES = frozenset(["adelante", "dale", "claro", "por", "gracias", "grazie", "certo", "si", "sí"])
_ENDINGS = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would", "s": "is"}
_N_T = {"can": "can", "won": "will", "shan": "shall", "ain": "is"}


@dataclass(frozen=True)
class Words:
    """`tokens` without marks; `soft` and `hard` hold the places before which a comma or a sentence's end stands, `colons` those of a colon."""

    tokens: Tokens
    soft: frozenset[int]
    hard: frozenset[int]
    colons: frozenset[int] = frozenset()


def words_of(text: str, spellings: Mapping[str, str]) -> Words:
    """Splits a normalised, lower-case text; `spellings` are other ways to write a word ("pls": "please")."""
    tokens: list[str] = []
    soft: set[int] = set()
    hard: set[int] = {0}
    colons: set[int] = set()
    found = _TOKEN.findall(_DRAWN_OUT.sub(r"\1", _DECORATION.sub(" . ", text)))
    at = 0
    while at < len(found):
        mark = found[at]
        at += 1
        if mark in _SOFT:
            soft.add(len(tokens))
        elif mark in _HARD:
            hard.add(len(tokens))
            colons |= {len(tokens)} if mark == ":" else set()
        elif mark.endswith("'") and at < len(found) and (ending := _without_apostrophe(mark[:-1], found[at])):
            tokens += ending
            at += 1
        else:
            tokens += folded(mark, spellings)
    hard.add(len(tokens))
    return Words(_yes_or_if(tuple(tokens), soft, hard), frozenset(soft), frozenset(hard), frozenset(colons))


def folded(word: str, spellings: Mapping[str, str]) -> list[str]:
    """A word without accents, in the spelling that the lists use; some stand for two words ("im": "i am")."""
    if word in ("sí", "sì"):
        return [_YES_WITH_ACCENT]
    if "-" in word and (known := spellings.get("-")) and (word in known.split() or re.search(_CLITICS, word)):
        return [part for piece in word.split("-") for part in folded(piece, spellings)]
    plain = word.replace("ß", "ss").translate(_ACCENTS).translate(_SIMPLIFIED)
    return spellings.get(plain, plain).split()


def without_umlauts(word: str) -> str:
    """How a folded German word is typed without umlauts: "können" as "koennen"."""
    return word.translate(_UMLAUTS)


def _without_apostrophe(left: str, right: str) -> list[str]:
    """English short forms in full: "i'm" is "i am", "don't" is "do not"."""
    if right == "t" and left.endswith("n"):
        return [_N_T.get(left, left[:-1]), "not"]
    return [left, _ENDINGS[right]] if right in _ENDINGS else []


def _yes_or_if(tokens: Tokens, soft: set[int], hard: set[int]) -> Tokens:
    """A "si" without accent is a yes where it stands alone or before few words; elsewhere it may be an "if"."""
    out = []
    for at, token in enumerate(tokens):
        begins = at in hard or at in soft
        alone = at + 1 in soft or at + 1 in hard or (at in hard and tokens[at + 1] in _AFTER_YES)
        out.append(_YES_WITH_ACCENT if token == "si" and begins and alone else token)
    return tuple(out)
