"""Bringing any text into one shape: unicode, quotes, dashes, spaces, and a bound on its length."""

from __future__ import annotations

import unicodedata

from agent.understanding import patterns as re

MAX_CHARS = 6_000
"""What is read of a person's own words. Longer texts are pasted material; head and tail are kept, the tail because
the last word wins."""
_LONGEST_WORD = 160
"""Characters without a space; longer ones are keys, tables or noise, and are cut out."""

_SAME = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»「」『』", '"'),
        **dict.fromkeys("‐‑‒", "-"),
        **dict.fromkeys("–—―", "—"),
        **dict.fromkeys("\u00a0\u2007\u202f\u3000\t\r\f\v", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f", None),
        "。": ". ",
        "，": ", ",
        "、": ", ",
        "；": "; ",
        "：": ": ",
        "？": "? ",
        "！": "! ",
        "…": "...",
        "×": "x",
        "→": "->",
        "⇒": "->",
        "⟦": "[",
        "⟧": "]",
    }
)
_SPACES = re.compile(r"[ ]{2,}")
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_NOISE = re.compile(rf"\S{{{_LONGEST_WORD},}}")
_HAN_MEETS_LATIN = re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9$/~\"'])|(?<=[A-Za-z0-9%\"'])(?=[\u4e00-\u9fff])")
"""Chinese sets no space between its words and a name: "用qwen3 8b"."""
_POWER = re.compile(r"([⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")


def bounded(text: str) -> str:
    """At most MAX_CHARS of a text: two thirds from its head, one third from its tail."""
    if len(text) <= MAX_CHARS:
        return text
    head = MAX_CHARS * 2 // 3
    return text[:head] + "\n" + text[-(MAX_CHARS - head) :]


def normalised(text: str) -> str:
    """The text with one kind of quote, dash, space and digit. Case and line breaks stay."""
    text = _POWER.sub(lambda m: "^" + m.group(1).translate(_SUPERSCRIPT), text)
    text = unicodedata.normalize("NFKC", text.translate(_SAME)).translate(_SAME)
    text = _HAN_MEETS_LATIN.sub(" ", text)
    return _NOISE.sub(" ", _SPACES.sub(" ", text)).strip()
