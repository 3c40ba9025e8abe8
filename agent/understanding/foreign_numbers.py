"""Numbers written out in German, French, Spanish and Italian, from 21 on, in digits: words that the glossary cannot list."""

from __future__ import annotations

from functools import lru_cache

from agent.understanding import patterns as re

_ONES = {
    "de": ["ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"],
    "fr": ["un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"],
    "es": ["uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
    "it": ["uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"],
}
_TEENS = {
    "de": ["zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"],
    "fr": ["dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"],
}
_TENS = {
    "de": ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"],
    "fr": ["vingt", "trente", "quarante", "cinquante", "soixante", "soixante-dix", "quatre-vingt", "quatre-vingt-dix"],
    "es": ["veinte", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"],
    "it": ["venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta"],
}
_LIKELY = {
    "de": re.compile(r"(?<![\w/-])[a-zäöüß]*(?:zig|ßig|ssig|zehn|hundert|tausend)[a-zäöüß]*(?![\w/-])", re.IGNORECASE),
    "fr": re.compile(r"(?<![\w/-])(?:vingt|trente|quarante|cinquante|soixante|quatre-vingt)s?(?:[- ](?:et[- ])?[a-z]+(?:-[a-z]+)?)?(?![\w/-])", re.IGNORECASE),
    "es": re.compile(r"(?<![\w/-])(?:veinti\w+|(?:treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa) y (?:un[oa]?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve))(?![\w/-])", re.IGNORECASE),
    "it": re.compile(r"(?<![\w/-])(?:vent|trent|quarant|cinquant|sessant|settant|ottant|novant)\w+(?![\w/-])", re.IGNORECASE),
}  # fmt: skip


@lru_cache(maxsize=4)
def _written(code: str) -> dict[str, int]:
    """Every number of a language that it writes in one word or phrase, from 20 to 99 (German to 999 and thousands)."""
    if code == "de":
        return _german()
    found: dict[str, int] = {}
    for ten, stem in enumerate(_TENS[code], start=2):
        found[stem] = found[f"{stem}s"] = ten * 10
        for one, word in enumerate(_ONES[code], start=1):
            if code == "fr":
                found |= _french(ten, stem, one, word)
            elif code == "es":
                found[f"{stem} y {word}"] = found[f"veinti{word}"] = ten * 10 + one
                found[f"veinti{word}"] = 20 + one
            else:
                found[(stem[:-1] if word[0] in "uo" else stem) + word] = ten * 10 + one
    return found | ({"veintidós": 22, "veintitrés": 23, "veintiséis": 26, "veintiún": 21} if code == "es" else {})


def _french(ten: int, stem: str, one: int, word: str) -> dict[str, int]:
    if stem.endswith("dix"):
        base = stem[: -len("-dix")]
        return {f"{base}-{_TEENS['fr'][one]}": ten * 10 + one, f"{base} et onze": 71} if one < 10 else {}
    return {
        f"{stem}-{word}": ten * 10 + one,
        f"{stem} {word}": ten * 10 + one,
        f"{stem} et {word}": ten * 10 + one,
        f"{stem}-et-{word}": ten * 10 + one,
    }


def _german() -> dict[str, int]:
    small = {word: n for n, word in enumerate(_ONES["de"], start=1)} | {w: 10 + n for n, w in enumerate(_TEENS["de"])}
    for ten, stem in enumerate(_TENS["de"], start=2):
        small |= {stem: ten * 10} | {f"{one}und{stem}": ten * 10 + n for n, one in enumerate(_ONES["de"], start=1)}
    hundreds = {"hundert": 100} | {f"{one}hundert": n * 100 for n, one in enumerate(_ONES["de"], start=1)}
    whole = small | hundreds | {f"{h}{w}": a + b for h, a in hundreds.items() for w, b in small.items()}
    thousands = {f"{w}tausend": n * 1000 for w, n in small.items()} | {"tausend": 1000}
    return whole | thousands | {f"{t}{h}": a + b for t, a in thousands.items() for h, b in hundreds.items()}


def foreign_numbers(text: str, code: str) -> str:
    """The text with such numbers in digits; words that only look like one stay."""
    likely = _LIKELY.get(code)
    if likely is None:
        return text
    return likely.sub(
        lambda m: str(_written(code).get(m.group().lower().replace("dreissig", "dreißig"), m.group())), text
    )
