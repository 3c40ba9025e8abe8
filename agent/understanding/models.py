"""Finding model names in a text, and putting a mark in their place so that later readers see roles, not names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from agent.understanding import patterns as re
from agent.understanding.vocabulary import words
from tuning.models import all_ids, load_models, pieces, resolve, sizes

_TUNABLE = "qwen|llama|kimi|gpt|gemma|mistral|ministral|nemotron|deepseek|minimax|glm"
_OTHERS = (
    "mixtral|phi|falcon|claude|gemini|grok|command-r|olmo|vicuna|bloom|starcoder|codellama|smollm|granite|jamba|yi|"
    "internlm|baichuan|chatglm|solar|zephyr|opus|sonnet|haiku|chatgpt|codex"
)
_VENDOR = r"(?:(?:fireworks|meta-llama|meta|qwen|openai|google|mistralai|moonshotai|deepseek-ai|nvidia|zai-org|anthropic|minimaxai)/)?"
_SIZE = r"\d+(?:[.p,]\d+)?(?:[ -]?(?:b|bn|billion|milliarden|milliards)|m)(?![\w])"
_UNIT = r"(?:b|bn|billion|epochs?|epoche?n?|épo\w+|epocas?|steps|usd|samples|rows|examples|jobs?|runs?|times|ranks?|k|%|x|percent|dollars?|euros?|hours?|days?|min\w*)\b"
_BARE = rf"[ -](?:0[.p]6|3|4|8|9|14|20|27|30|31|32|70|120)(?![\w.:]*\w)(?! ?{_UNIT})"
"""A size whose "b" is left out, after a version: "qwen3-32", "gpt oss 120"."""
_VERSION = r"v?\d+(?:[.p]\d+)?o?(?![\d.]*[^\W_])(?! ?(?:b|bn|billion|epochs?|epoche?n?|steps|usd|samples|jobs|k|%)\b)"
_WORD = r"(?:oss|mini|nano|small|medium|large|super|flash|pro|turbo|coder|code|vl|haiku|sonnet|opus|k ?\d(?:[.p-]\d(?!\w))?|m\d|r\d|o\d|next)\b"
_TAIL = r"(?:[ -]?a\d+b\b| moe\b|[ _-]?(?:instruct|thinking|chat|mini|flash|coder|turbo|pro)\b|[-_](?:it|base|bf16|fp8|distill|vl)\b| (?:it)(?= (?:on|with|for|and)\b)|-\d{4}\b|(?<=instruct) \d{4}\b)"


def _pattern(families: str, names: Sequence[str] = ()) -> re.Pattern[str]:
    """The given names letter by letter, resource names, known families with what follows them, and any word that carries a size ("falcon 7b")."""
    return re.compile(
        rf"(?<![\w./-])(?:(?P<full>accounts/[\w-]+/models/[\w.-]*\w)"
        rf"|(?P<exact>{'|'.join(map(re.escape, sorted(names, key=len, reverse=True))) or '(?!)'})(?![\w]|[-_/]\w)"
        rf"|(?P<name>{_VENDOR}(?:{families}|k2[.p]\d(?![\w.])|oss(?=[ -]?(?:20|120)))(?:[ _-]?{_WORD})*(?:[ _-]?{_VERSION})?(?:-\d(?![\w.]))?(?:[ _-]?{_WORD})*(?:[ _:-]{{0,2}}{_SIZE}|{_BARE})?{_TAIL}*(?:[ -]\d\.\d\b)?)(?![\w]|[-_/]\w|\.\d)"
        rf"|(?P<other>[a-z]{{3,12}}(?:[ -]?v?\d(?:[.p]\d)?)?[ -]?{_SIZE}{_TAIL}*)(?![\w]|[-_/]\w)"
        rf"|(?P<size>{_SIZE}{_TAIL}*)(?![-_/]\w))",
        re.IGNORECASE,
    )


_SPOKEN_POINT = re.compile(r"(?<=\d) point (?=\d)", re.IGNORECASE)
_SLASHED_SIZES = re.compile(r"(?<=\d[bB])/(?=(?:qwen|llama|gpt|\d+(?:\.\d)?b\b))", re.IGNORECASE)
_BARE_SIZE = re.compile(r"(?:oss|\d)[ -](?:0[.p]6|\d{1,3})$", re.IGNORECASE)
_PRECISION = re.compile(r"[ -](?:fp8|bf16|moe)$", re.IGNORECASE)
_RELEASE = re.compile(r"\bk ?(\d)[.p-](\d)\b", re.IGNORECASE)
_ELLIPTIC = {"k2": "kimi", "os": "gpt"}
"""Names without their family: "K2.6", "oss 20b"."""
_TUNED_VARIANT = {"qwen3-4b": "qwen3-4b-instruct-2507"}
"""The short name of a model that is there in two variants means the one that is tuned today, as "Qwen3 4B" does."""


@dataclass(frozen=True)
class Mention:
    """One model named in the text. `id` is canonical; None when the catalogue does not hold it."""

    written: str
    id: str | None


@dataclass(frozen=True)
class Masked:
    """A text in which names stand as marks: ⟦m0⟧ for the first model, and so on; `mentions` in the same order."""

    text: str
    mentions: tuple[Mention, ...]


@lru_cache(maxsize=64)
def _compiled(known: tuple[str, ...]) -> re.Pattern[str]:
    own = {pieces(name)[0] for name in known if pieces(name)} - set(_TUNABLE.split("|"))
    return _pattern("|".join([*sorted(re.escape(f) for f in own if f.isalpha()), _TUNABLE, _OTHERS]), known)


_NOT_A_FAMILY = words("not_a_model_family")


def mask_models(text: str, known: Sequence[str] = (), context: str = "") -> Masked:
    """Marks every model name. A bare size ("the 14B") takes the family of the model named before it, or of `context`."""
    ids = (*all_ids(), *known)
    text = _SLASHED_SIZES.sub(" / ", _SPOKEN_POINT.sub(".", text))
    pattern = _compiled(tuple(known))
    mentions: list[Mention] = []
    family = _family_of(context, pattern, ids)
    out: list[str] = []
    at = 0
    for match in pattern.finditer(text):
        found = _read(
            match,
            ids,
            _next_family(text, match, pattern) or family or _family_after(text, match.end(), pattern),
            mentions,
        )
        if found is None:
            continue
        mention, start = found
        if mention.id is None and _only_family(mention.written):
            mention = _last_of_family(mention, mentions)
        if mention.id and sizes(pieces(mention.id)):
            family = _stem(mention.id)
        elif not family and _only_family(mention.written):
            family = mention.written
        between = text[at:start]
        if mentions and at and between.strip(" :/") in ("", "(") and _same(mentions[-1], mention):
            # "the 8B Llama", "Qwen 3 (8B)": one model named in two pieces.
            mentions[-1] = Mention(f"{mentions[-1].written}{between}{mention.written}", mention.id)
            at = match.end() + (between.strip(" :/") == "(" and text[match.end() : match.end() + 1] == ")")
            continue
        out += [between, f"⟦m{len(mentions)}⟧"]
        at = match.end()
        mentions.append(mention)
    return Masked("".join([*out, text[at:]]), tuple(mentions))


def _same(first: Mention, second: Mention) -> bool:
    """Whether two names side by side are one: the same model, or a family and a model of it."""
    if first.id:
        return first.id == second.id
    return bool(second.id) and _only_family(first.written) and pieces(first.written)[:1] == pieces(second.id or "")[:1]


def _read(
    match: re.Match[str], ids: tuple[str, ...], family: str, before: Sequence[Mention]
) -> tuple[Mention, int] | None:
    written = match.group().strip()
    if match["full"]:
        short = written.rsplit("/", 1)[-1]
        return Mention(written, short if short in ids else resolve(written, ids) or written), match.start()
    if match["exact"] and written.lower() not in _TUNED_VARIANT:
        return Mention(written, next(name for name in ids if name.casefold() == written.casefold())), match.start()
    if match["name"] or match["exact"]:
        return Mention(written, _resolved(written, ids)), match.start()
    if match["other"]:
        return _read_other(written, match, ids, family, before)
    return _read_size(match["size"], match.start(), ids, family, before)


def _resolved(written: str, ids: tuple[str, ...]) -> str | None:
    """The id of a name. "Qwen 14B" fits more than one version; where a single one of them is tuned here, it is that."""
    written = _RELEASE.sub(r"k\1.\2", _PRECISION.sub("", written).replace(":", " "))
    written = f"{_ELLIPTIC[bare]} {written}" if (bare := written[:3].lower().rstrip(" -")[:2]) in _ELLIPTIC else written
    if written.lower() in _TUNED_VARIANT:
        return _TUNED_VARIANT[written.lower()]
    found = resolve(written, ids) or resolve(written, _tuned(ids))
    return found or (resolve(f"{written}b", ids) if _BARE_SIZE.search(written) else None)


@lru_cache(maxsize=16)
def _tuned(ids: tuple[str, ...]) -> tuple[str, ...]:
    """The ids without those of the catalogue that no supervised tuning takes."""
    others = {model.id for model in load_models() if "sft" not in model.tunable}
    return tuple(name for name in ids if name not in others)


def _read_other(
    written: str, match: re.Match[str], ids: tuple[str, ...], family: str, before: Sequence[Mention]
) -> tuple[Mention, int] | None:
    """An unlisted word with a size: a misspelt family, another vendor's model, or an ordinary word before a bare size."""
    word = re.match(r"[a-z]+", written, re.IGNORECASE)
    head = word.group().lower() if word else ""
    if head in _NOT_A_FAMILY:
        size = re.search(rf"{_SIZE}(?:{_TAIL})*$", written, re.IGNORECASE)
        return _read_size(size.group(), match.end() - len(size.group()), ids, family, before) if size else None
    meant = process.extractOne(head, _TUNABLE.split("|"), scorer=fuzz.ratio, score_cutoff=75)
    if meant or re.search(r"\d[ -]?b", written, re.IGNORECASE):
        return Mention(written, resolve(written, ids)), match.start()
    return None


def _read_size(
    size: str, start: int, ids: tuple[str, ...], family: str, before: Sequence[Mention]
) -> tuple[Mention, int] | None:
    """A bare size ("the 8B") is the last model of that size that the text has named, else one of the known family."""
    wanted = sizes(pieces(size))
    named = [m.id for m in before if m.id and wanted and wanted == sizes(pieces(m.id))]
    found = named[-1] if named else _resolved(f"{family} {size}", ids) if family else None
    return (Mention(size, found), start) if found else None


def _last_of_family(mention: Mention, before: Sequence[Mention]) -> Mention:
    """ "Only Qwen" and "the 8B and 14B Qwen3 models": a bare family stands for what the text has named of it."""
    family = pieces(mention.written)
    ids = [m.id for m in before if m.id and pieces(m.id)[: len(family)] == family]
    return Mention(mention.written, ids[-1]) if ids else mention


def billions(mention: Mention) -> float | None:
    """The size in a model's name, in billions of parameters; None where the name has none."""
    found = sizes(pieces(mention.id or mention.written))
    values = [float(size[:-1]) / (1000 if size.endswith("m") else 1) for size in found]
    return max(values, default=None)


def _only_family(written: str) -> bool:
    return not sizes(pieces(written)) and len(pieces(written)) <= 2


def _family_of(context: str, pattern: re.Pattern[str], ids: tuple[str, ...]) -> str:
    """The family and version of the last model that a text names in full."""
    stem = ""
    for match in pattern.finditer(context):
        if (match["full"] or match["name"]) and (found := resolve(match.group(), ids)):
            stem = _stem(found)
    return stem


def _family_after(text: str, end: int, pattern: re.Pattern[str]) -> str:
    """For "the 8B and 14B Qwen3 models": the family that follows within a few words."""
    following = pattern.search(text, end, min(len(text), end + 40))
    while following and not following["name"]:
        following = pattern.search(text, following.end(), min(len(text), end + 40))
    return re.sub(_SIZE, "", following["name"], flags=re.IGNORECASE) if following else ""


def _next_family(text: str, match: re.Match[str], pattern: re.Pattern[str]) -> str:
    """The family right after a bare size: "the 70B Llama" is no Qwen even where a Qwen was named before."""
    if match["name"] or match["full"] or match["exact"] or text[match.end() : match.end() + 1] not in (" ", "-"):
        return ""
    following = pattern.match(text, match.end() + 1)
    return following["name"] if following and following["name"] and _only_family(following["name"]) else ""


def _stem(model_id: str) -> str:
    """Family and version of an id: qwen3-32b gives "qwen 3"."""
    parts = pieces(model_id)
    return " ".join(p for p in parts[:2] if p.isalpha() or re.fullmatch(r"\d+(?:\.\d+)?|k\d.*", p)) if parts else ""
