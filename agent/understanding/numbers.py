"""Numbers as people write them, turned into plain digits: words, separators, powers of ten, k, percent."""

from __future__ import annotations

from agent.understanding import patterns as re

_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_WORD = "|".join([*_UNITS, *_TENS, *_SCALES])
NUMBER_WORD = rf"(?:{_WORD})\b"
_WORDS = re.compile(
    rf"\b(?:(?:{_WORD}|a(?= hundred| thousand| million))(?:(?:(?<=hundred)|(?<=thousand)) and (?={_WORD})|[ -](?={_WORD})|\b(?![\w-])))+",
    re.IGNORECASE,
)
_ONE_ALONE = re.compile(
    r"(?<=\bthe )one\b|(?<=\d )one\b(?! (?:epoch|job|run|pass))|\b(?:best|which|this|that|any|each|every|only|no|first|second|last|same|new|old|other|right|good|single|bigger|smaller|larger|winning|cheaper|cheapest|strongest|better|wrong) one\b"
)
NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
"""A number after `plain_numbers`."""

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(\d+(?:[.,]\d+)?)\s*(?:x|\*|·|times)\s*10\s*(?:\^|\*\*|to the(?: power of)?)\s*\(?\s*(?:-|minus )\s*(\d+)\)?"
        ),
        r"\1e-\2",
    ),
    (re.compile(r"(?<![\d.])10\s*(?:\^|\*\*)\s*\(?-\s*(\d+)\)?"), r"1e-\1"),
    (re.compile(r"(\d+(?:[.,]\d+)?)\s*e\s*(?:-|minus |— ?)\s*(\d+)", re.IGNORECASE), r"\1e-\2"),
    (re.compile(r"\b(\d+(?:\.\d+)?)(?: times)? ten to the minus (\d+)"), r"\1e-\2"),
    (re.compile(r"(?<![\d.,e-])(\d{1,3}),(\d+)(?=e-?\d| ?%| ?percent| ?prozent)"), r"\1.\2"),
    (re.compile(r"(?<![\d.,])(\d+),(\d\d?)(?= ?(?:€|\$|usd|eur|dollars?|euros?)(?!\w))"), r"\1.\2"),
    (re.compile(r"(?<=[$€])(\d+),(\d\d)\b"), r"\1.\2"),
    (re.compile(r"(?<![\d.,])0,(\d+)"), r"0.\1"),
    (re.compile(r"(?<![\w.])(\.\d+)"), r"0\1"),
    (re.compile(r"(?<=\d)'(?=\d{3}\b)"), ""),
)
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_K = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?k\b(?! ?tokens?)", re.IGNORECASE)
_ZERO_POINT = re.compile(r"\b(\d+) point ((?:\d+ ?)+)\b")


def plain_numbers(text: str) -> str:
    """A lower-case text with every number in digits: "three" is 3, "ten thousand" 10000, "0,0001" 0.0001, "2k" 2000."""
    text = _WORDS.sub(_words_to_digits, _ONE_ALONE.sub(lambda m: m.group().replace("one", "that"), text))
    text = _THOUSANDS.sub(lambda m: m.group().replace(",", ""), text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = _ZERO_POINT.sub(lambda m: f"{m.group(1)}." + m.group(2).replace(" ", "") + " ", text)
    return _K.sub(lambda m: f"{float(m.group(1)) * 1000:.0f}", text)


def _words_to_digits(match: re.Match[str]) -> str:
    groups = digit_groups(match.group())
    tail = " " if match.group().endswith((" ", "-")) else ""
    return f"{' '.join(groups)}{tail}" if groups else match.group()


def digit_groups(phrase: str) -> list[str]:
    """The numbers of a run of number words and digits: "three thirty two" gives 3 and 32, "sixty forty" 60 and 40."""
    done: list[str] = []
    total = current = 0
    room = 0  # the largest number that the one begun can still take up: 9 after "thirty", 99 after "hundred"
    begun = decimal = False

    def close() -> None:
        nonlocal total, current, room, begun
        if begun:
            done.append(str(total + current))
        total = current = room = 0
        begun = False

    for word in re.split(r"[ -]+", phrase.strip(" -").lower()):
        value = _UNITS.get(word, _TENS.get(word))
        if decimal and done and value is not None and value < 10:
            done[-1] += str(value)
        elif word == "point":
            close()
            done[-1:] = [f"{done[-1]}."] if done else []
        elif re.fullmatch(r"\d+(?:\.\d+)?", word):
            close()
            done.append(word)
        elif value is not None:
            if begun and not 0 < value <= room:
                close()
            current, room, begun = current + value, 9 if word in _TENS else 0, True
        elif word == "a":
            close()
            current, begun = 1, True
        elif word == "hundred":
            current, room, begun = max(current, 1) * 100, 99, True
        elif word in _SCALES:
            total, current, room, begun = total + max(current, 1) * _SCALES[word], 0, 999, True
        decimal = word == "point"
    close()
    return done


_HAN = {**{c: n for n, c in enumerate("零一二三四五六七八九")}, "两": 2, "〇": 0}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_HAN_NUMBER = re.compile(
    r"(?<![第每唯同])(?:[零〇一二两三四五六七八九十百千万]{2,}|[十百千万])(?:点[零〇一二三四五六七八九]+)?|[零〇一二三四五六七八九]点[零〇一二三四五六七八九]+"
)


_HAN_SIGNS = frozenset("零〇一二两三四五六七八九十百")
_HAN_PERCENT = re.compile(
    r"百分之 ?(?P<n>[零〇一二两三四五六七八九十百]+(?:点[零〇一二三四五六七八九]+)?|\d+(?:\.\d+)?)"
)
"""Percent stand before their number: 百分之九十五 is 95%."""


def han_numbers(text: str) -> str:
    """Chinese numbers of more than one character in digits: 五十 is 50, 二百五 250, 零点一 0.1; single ones stay."""
    text = _HAN_PERCENT.sub(lambda m: f"{_from_han(m['n']) if m['n'][0] in _HAN_SIGNS else m['n']}%", text)
    return _HAN_NUMBER.sub(lambda m: _from_han(m.group()), text)


def _from_han(written: str) -> str:
    whole, _, part = written.partition("点")
    total = section = digit = 0
    scale = 1
    if not any(c in _HAN_SCALES for c in whole):
        total = int("".join(str(_HAN[c]) for c in whole))
        whole = ""
    for c in whole:
        if c in _HAN:
            digit = _HAN[c]
        elif c == "万":
            total, section, digit, scale = total + (section + digit) * 10_000, 0, 0, 1000
        else:
            scale = _HAN_SCALES[c] // 10
            section, digit = section + (digit or 1) * _HAN_SCALES[c], 0
    total += section + digit * (scale if written[-1:] in _HAN and written[-2:-1] in "百千万" else 1)
    return f"{total}.{''.join(str(_HAN[c]) for c in part)}" if part else str(total)


def values(text: str) -> tuple[float, ...]:
    """All numbers in a text, in its order."""
    return tuple(float(n) for n in re.findall(rf"(?<![\w.]){NUMBER}", text))
