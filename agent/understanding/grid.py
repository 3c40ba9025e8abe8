"""Reading the tuning grid: LoRA ranks, learning rates, betas, epochs, batch size, context length."""

from __future__ import annotations

from itertools import takewhile

from agent.understanding import patterns as re

_N = r"(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_SEP = r"(?:\s*(?:,|/|;|\||&)\s*(?:and |or |then )?| n |,? (?:and|or|to|then|versus|vs\.?|(?:to be )?compared (?:with|to|against)|against|plus|as well as|and then|but also)(?: also)?(?: then)?(?: try| use)? | (?=\d))"
_LIST = rf"(?P<list>{_N}(?:/{_N}){{2,30}}(?![\w/])|{_N}(?:{_SEP}{_N}(?![\w/])){{0,30}})"
_OF = r"(?:\s*(?:=|:|->|(?<=[a-z])-(?=\d)|of|at|to|is|are|be|should be|will be|set to|both|either|values?|from|in|between|grid|with|candidates?|only|just|use|try|fixed at|fixed to|around|about|set|around|a|the|\(|\[|\{|these|settings?|options?|stays?|remain|and|constant|test|sweep|compare|equal to|equals|it|that|this|10th|tenth|we|want|would|like|go|down|up|back)){0,8}\s*"
_NOT_AFTER = r"(?![\w-]*(?:\.[\w-]+)*(?:[ \t]*(?:(?:full |single |whole |complete |training )*(?:epochs?|ep\b|pass(?:es)?\b)|jobs|samples|rows|%|percent|b\b|usd|dollars|/1|gpus?|hours?)))"


def _before(noun: str) -> re.Pattern[str]:
    """A list after its noun: "ranks 8, 16 and 32"."""
    return re.compile(rf"(?<![\w⟧-])(?:{noun})[\"']?{_OF}{_LIST}{_NOT_AFTER}")


def _after(noun: str, between: str = "") -> re.Pattern[str]:
    """A list before its noun: "16 and 32 as ranks", "3 epochs"."""
    return re.compile(rf"(?<![\w.$€-]){_LIST}{between}[ -]?(?:as (?:the |a )?)?(?:{noun})\b")


_RANK = (
    _before(
        r"(?:(?:lora|adapter)[ _-]?)?ranks?(?:\s*\(r\))?|lora[ _-]r\b|r(?=\s*[=:])|r(?=\s?(?:4|8|16|32|64|128|256)\b)|lora(?=[ -]\d)|lora (?:size|dim\w*)"
    ),
    _after(r"(?:lora |adapter )?ranks?"),
)
_RATE = (_before(r"learning[ _-]?rates?(?: \(?lrs?\)?)?|lrs?|l\.r\.|step sizes?"), _after(r"learning[ _-]?rates?|lrs?"))
_BETA = (_before(r"(?:dpo |orpo )?betas?(?: values?)?|β"), _after(r"betas?"))
_EPOCH_BEFORE = _before(r"(?:num[ _-]?(?:train[ _-]?)?)?epochs?(?: count)?|ep(?=\s*=)|number of epochs")
_EPOCH_AFTER = _after(
    r"(?:(?:full |single |training |whole |complete |entire )?(?:epochs?|epoques?)\b|ep\b|(?:full |complete |whole )?pass(?:es)?(?: over| through)|times over (?:the )?(?:data|dataset|it)|rounds of training|full passes|training epochs|passes|epocs?\b|epcs?\b)"
)
_SINGLE = re.compile(
    r"\bsingle (?:training )?(?:epoch|pass)\b|\b(?:a single|just a single|just the|one single|only a single) (?:training )?(?:epoch|pass)\b|\ba (?:full |single )?pass over\b"
)
_TIMES = re.compile(
    r"\b(?:over|through) (?:the |my |our )?(?:data|data ?set|set|rows|it)(?: only| just)? (?P<n>once|twice|thrice|\d{1,2} times)\b|\b(?:sees?|see|reads?|visits?|goes? (?:over|through)|shown?|shows?|gets?) (?:all (?:of )?)?(?:the |my |our |every |each )*(?:data(?: ?set)?|set|rows?|samples?|examples?|texts?|corpus|material|it all|everything) (?:exactly |only |just )?(?P<k>once|twice|thrice|\d{1,2} times)\b|\b(?:be |been |is |are |get )?(?:seen|shown|read|visited|gone through|passed|learned) (?:exactly |only |just )?(?P<j>once|twice|thrice|\d{1,2} times)\b|\b(?P<m>once|twice|thrice) (?:over|through) (?:the |my |our )?(?:data|data ?set|set|rows)\b"
)
_OFTEN = {"once": 1, "twice": 2, "thrice": 3}
_BARE_RATE = re.compile(r"(?<![\w.-])(\d+(?:\.\d+)?e-\d+)(?!\w|\.\w)")
_NOT_A_RATE = re.compile(
    r"(?:weight[ _-]decay|epsilon|eps|warm-?up\w*|beta\d?|kl|min[ _-]lr|temperature|tolerance|clip\w*|adam\w*|loss)(?:[ _]\w+){0,2}\s*(?:=|:|of|to|at|is)?\s*$"
)
_BATCH = re.compile(r"\b(?:batch(?:[ _-]?sizes?)?|bs)\s*(?:=|:|of|to|is|at)*\s*(\d+)\b(?! ?(?:jobs|runs))")
_CONTEXT = re.compile(
    r"\b(?:max(?:imum)?[ _-])?(?:context|sequence|seq)(?:[ _-]?(?:length|window|len|size))?\s*(?:=|:|of|to|is|at)*\s*(\d+)(?P<k> ?k\b)?|\b(\d+)(?P<k2> ?k)?(?:[ -]?tokens?)? (?:of )?(?:context|sequence length)\b"
)
_NO_SLOT = re.compile(
    r"\b(?:batch(?:[ _-]?sizes?)?|bs|(?:lora[ _-]?)?alpha|seed|warm-?up(?: steps| ratio)?|dropout|weight[ _-]decay|temperature|gradient accumulation(?: steps)?|max[ _-]?(?:seq(?:uence)?|tokens|length)(?:[ _-]?len(?:gth)?)?)\s*(?:=|:|of|to|is|at)*\s*\d+(?:\.\d+)?(?:e-?\d+)?\b(?! ?(?:epochs?|jobs))"
)
"""Settings with a number that no list of ranks, rates or epochs may take up."""
_COUNTED = re.compile(
    rf"\b(?P<count>\d{{1,2}}|that|single) (?P<noun>(?:different |distinct |lora |adapter )*(?:ranks?|learning[ _-]?rates?|lrs?|betas?))\s?(?:[,:(—]|-(?= ))\s?{_LIST}(?=\s*(?:$|[.,;!?)\n—]))"
)
"""How many values follow, and the values: "one LoRA rank, 16"."""
_AGAIN = re.compile(
    rf"(?P<first>\b(?P<noun>rank|learning rate|lr|beta)s? (?:of )?{_N})(?: and|,| plus|,? as well as| or| &| then|,? and also|,? and then)? (?:also )?(?:a )?(?:lora )?(?P=noun)s? (?:of )?(?={_N})"
)
"""The noun said again before the next value: "rank 8 plus rank 32"."""
_VALUES_FOR = re.compile(
    rf"\b(?:\d{{1,2}} |several |both |different |the )*(?:values?|settings?|options?|choices|candidates?) (?:for|of) (?:the |my )?(?P<noun>(?:lora )?ranks?|learning rates?|lrs?|betas?|epochs?)\s?(?:[,:(—=]|-(?= )|are|is|to try:?)+\s?(?={_N})"
)
"""The noun after "values for": "two values for the epochs, 1 and 2"."""
_PREFIX_NOT = re.compile(
    r"(?:warm-?up|per|every|after each|alpha|seed|early stopping|patience of|after|save every)\s*(?:for |of )?$"
)


MOST_RANK, MOST_RATE, MOST_EPOCHS = 1024, 0.5, 100
"""The largest values that are read as a rank, a learning rate, a number of epochs."""
_MINUS = re.compile(r"\b(?:minus|negative) (?=\d)")


def with_signs(text: str) -> str:
    """The text with "minus 2" as -2, which is no number of anything here."""
    return _MINUS.sub("-", text)


def read_grid(text: str) -> dict[str, object]:
    """The grid slots that a text sets. Lists keep their order; the last list of a kind wins."""
    text = with_signs(text)
    settled = _COUNTED.sub(_without_count, _VALUES_FOR.sub(r"\g<noun> ", _NO_SLOT.sub(" ; ", text)))
    settled = _AGAIN.sub(r"\g<first> and ", settled)
    betas, rest = _take(settled, _BETA, 0.0, 10.0)
    rates, rest = _take(rest, _RATE, 0.0, MOST_RATE)
    ranks, rest = _take(rest, _RANK, 1, MOST_RANK)
    if not rates and not re.search(r"\bloss\b[^.]{0,15}\de-", rest):
        bare = [
            m.group(1)
            for m in _BARE_RATE.finditer(rest)
            if not _NOT_A_RATE.search(rest[max(0, m.start() - 30) : m.start()])
        ]
        rates = tuple(dict.fromkeys(float(v) for v in bare if float(v) < 0.1))
    found: dict[str, object] = {
        "betas": betas,
        "learning_rates": rates,
        "lora_ranks": tuple(int(r) for r in ranks if r == int(r)),
        "epochs": _epochs(rest),
    }
    if batch := list(_BATCH.finditer(text)):
        found["batch_size"] = int(batch[-1].group(1))
    if context := list(_CONTEXT.finditer(text)):
        last = context[-1]
        found["max_context_length"] = int(last.group(1) or last.group(3)) * (1024 if last["k"] or last["k2"] else 1)
    return {slot: value for slot, value in found.items() if value}


def _without_count(match: re.Match[str]) -> str:
    """The noun with its values; where there are not as many as was said, the text as it stands."""
    count = int(match["count"]) if match["count"].isdigit() else 1
    return f"{match['noun']} {match['list']}" if len(re.findall(_N, match["list"])) == count else match.group()


def _take(text: str, patterns: tuple[re.Pattern[str], ...], low: float, high: float) -> tuple[tuple[float, ...], str]:
    """The last list that one of the patterns finds with values in (low, high], and the text without all of them."""
    found: tuple[float, ...] = ()
    for pattern in patterns:
        spans = []
        for match in pattern.finditer(text):
            good, end = _leading(match, low, high)
            if good:
                found = good
                spans.append((match.start(), end))
        for start, end in reversed(spans):
            text = text[:start] + " ; " + text[end:]
        if found and pattern is patterns[0]:
            # "16 as rank" after "rank 8" is a correction; the second shape is read only where the first found nothing.
            break
    return found, text


def _leading(match: re.Match[str], low: float, high: float) -> tuple[tuple[float, ...], int]:
    """The numbers of a list up to the first that is of another kind ("rank 8 / 1.5e-4 / 4"), and where they end."""
    good: list[float] = []
    end = match.end()
    for number in re.finditer(_N, match["list"]):
        value = float(number.group())
        if not ((low < value or value == low >= 1) and value <= high) or (low >= 1 and value != int(value)):
            # A list after its noun ends here; one before its noun ("1e-4, 8 and 16 ranks") is none.
            return (tuple(dict.fromkeys(good)), end) if good and match.start("list") > match.start() else ((), end)
        good.append(value)
        end = match.start("list") + number.end()
    return tuple(dict.fromkeys(good)), match.end()


def _epochs(text: str) -> tuple[int, ...]:
    places: list[tuple[int, tuple[int, ...]]] = []
    for pattern in (_EPOCH_AFTER, _EPOCH_BEFORE):
        for match in pattern.finditer(text):
            numbers = [float(n) for n in re.findall(_N, match["list"])]
            if pattern is _EPOCH_AFTER:
                # "lr 1e-4 / 3 epochs": what stands next to the noun is meant.
                numbers = list(takewhile(_counts, reversed(numbers)))[::-1]
            whole = tuple(dict.fromkeys(int(n) for n in numbers if _counts(n)))
            if (
                whole
                and len(whole) == len(dict.fromkeys(numbers))
                and not _PREFIX_NOT.search(text[max(0, match.start() - 25) : match.start()])
            ):
                places.append((match.start("list"), whole))
    places += [(m.start(), (1,)) for m in _SINGLE.finditer(text)]
    for match in _TIMES.finditer(text):
        word = match["n"] or match["m"] or match["k"] or match["j"]
        places.append((match.start(), (_OFTEN.get(word) or int(word.split()[0]),)))
    return max(places)[1] if places else ()


def _counts(number: float) -> bool:
    return number == int(number) and 1 <= number <= MOST_EPOCHS
