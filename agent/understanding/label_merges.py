"""Reading which labels are to be one ("merge a into b", "treat a as b") and which stay apart ("don't merge them")."""

from __future__ import annotations

from dataclasses import dataclass

from agent.understanding import patterns as re
from agent.understanding.corrections import is_future, is_plain_question
from tuning.request import Request

MERGE_SLOTS = frozenset({"merge_labels", "merge_spellings", "keep_apart"})
_NOUN = r"(?:labels?|class(?:es)?|categor(?:y|ies)|intents?|tags?|spellings?)"
_STOP = r"(?:and|or|into|as|with|to|in|then|please|but|for|from|together|under|because|since|so|proceed|go|on|is|are|stay|should|apart|separate\w*|distinct|use|train|run|start|too|again|called|named|instead|also|after|before|when|if|which|that|not|do|don't|merge|combine|fold|map|keep|leave|treat|count|remove|drop|i|i'd|we|we'd|you|have|want|like|would|get|see|can|could|yes|ok|okay)"
_WORD = rf"(?!{_STOP}\b)[\w][\w/&+.'#-]*"
_LABEL = rf"(?:\"[^\"\n]{{1,60}}\"|'[^'\n]{{1,60}}'|{_WORD}(?: {_WORD}){{0,3}})"
_THE = rf"(?:(?:all )?(?:the |both |my |our |these |all |rows |samples |labelled |labeled |with |of )*(?:two |three |\d )?(?:{_NOUN}:? )?)"
_AND = rf"(?:\s*,\s*(?:and )?{_THE}| (?:and|&|plus|or) {_THE})"
_LABELS = rf"{_LABEL}(?:{_AND}{_LABEL}){{0,19}}(?: {_NOUN}(?=\W|$))?"
_TWO = rf"{_LABEL}(?:{_AND}|\s*(?:=|/)\s*| with {_THE}){_LABEL}(?:{_AND}{_LABEL}){{0,18}}(?: {_NOUN}(?=\W|$))?"
_MERGE = r"(?:merge|combine|fold|lump|collapse|unite|consolidate|map)"
_ONE = r"(?:one|1|a single one|(?:one and )?the same thing|one and the same|(?:a single|one|1|a common|the same|a new) (?:label|class|category|intent))"
_NAMED = rf"(?:,? (?:and )?(?:call(?:ed)?|named?)(?: it| them| that)?:? |,? as |: )(?P<name>{_LABEL})"
_END = r"(?=\s*(?:$|[.,;!?)\n—]| (?:and|then|please|but|for|because|since|so|too|as well|again|instead|now|first|only|everywhere|after all)\b))"
_NOT = r"(?:\b(?:no|not|never|without|don'?t|do not|stop|undo|skip|must not|shouldn'?t)\b(?: (?:any|the|more|do|please|to|ever))*)"
_NEVER_MERGED = re.compile(
    rf"{_NOT} (?:merg\w+|combin\w+|join\w*)(?: together)? {_THE}(?P<olds>{_LABELS} (?:into|in|to) {_THE}{_LABEL}|{_TWO}){_END}"
    rf"|\b(?:un-?merge|separate|tell apart) {_THE}(?P<again>{_TWO}){_END}"
    rf"|\b(?:keep|leave) {_THE}(?P<kept>{_TWO}) (?:apart|separate\w*|distinct|unmerged|as (?:two|three|\d|separate|different|distinct|their own) {_NOUN})"
    rf"|(?:^\s*|[,;] ?|\b(?:and|but) ){_THE}(?P<differ>{_TWO}) (?:should |must |shall |have to )?(?:stay|remain|are|be|keep) (?:apart|separate\w*|distinct|(?:two|three|\d|separate|different|distinct) {_NOUN})",
    re.IGNORECASE,
)
_THEM = rf"(?:them|these|those|any(?:thing| of (?:them|these|those))?|it|nothing|all|both|all of them|(?:all |the |these |those |any )*{_NOUN})"
_NOTHING_MERGED = re.compile(
    rf"{_NOT} (?:merg\w+|combin\w+)(?: together)?(?: {_THEM})?{_END}|\bmerge (?:nothing|no (?:{_NOUN}))\b|\bun-?merge {_THEM}{_END}"
    rf"|\b(?:keep|leave) (?:(?:all|every|each) (?:the )?{_NOUN}|{_THEM}) (?:apart|separate\w*|distinct|unmerged|as (?:separate|different|distinct|their own) {_NOUN})",
    re.IGNORECASE,
)
_MERGED_AFTER_ALL = re.compile(
    rf"\b{_MERGE} (?:(?:all )?the spellings|{_THEM})(?: together)?(?: after all| again| anyway){_END}", re.IGNORECASE
)
_INTO_ONE = re.compile(
    rf"\b{_MERGE} {_THE}(?P<olds>{_TWO})(?: together)?(?: (?:into|to|as|under|in) {_ONE}(?!\w))?(?:{_NAMED})?{_END}"
    rf"|\b(?:treat|count|read|regard|consider|handle) {_THE}(?P<as_one>{_TWO}) as {_ONE}{_END}"
    rf"|(?:^\s*|[,;:] ?|\b(?:and|but) ){_THE}(?P<equal>{_TWO}) (?:are|mean|should be) (?:really |actually |in fact )?{_ONE}(?:,? (?:so |and |please )*(?:put|merge|join|take|count|treat) (?:them|these|both)(?: together)?(?: (?:as|into|under) (?P<called>{_LABEL}))?)?{_END}"
    rf"|\b(?:put|bring|throw|group) {_THE}(?P<put>{_TWO}) together(?: (?:as|into|under) (?:{_ONE}(?!\w)|(?P<together>{_LABEL})))?{_END}"
    rf"|(?:^\s*|[,;:] ?|\b(?:and|but) )(?P<one>\w+_\w+) (?:equals|is (?:really |actually )?the same as) (?P<other>\w+_\w+){_END}",
    re.IGNORECASE,
)
_INTO = re.compile(
    rf"\b{_MERGE} {_THE}(?P<olds>{_LABELS})(?: together)? (?:into|to|in|under) {_THE}(?P<new>{_LABEL}){_END}"
    rf"|(?:^\s*|[,;:] ?|\b(?:and|but|want|have|get|like|see) ){_THE}(?P<passive>{_LABELS}) (?:(?:should|must|shall|is to|are to|can) be |to be )?(?:merged|folded|combined|put|moved|lumped) (?:into|in with|to|under) {_THE}(?P<target>{_LABEL}){_END}"
    rf"|\b(?:treat|count|read|regard|consider|handle) {_THE}(?P<seen>{_LABELS}) as {_THE}(?P<as>{_LABEL}){_END}",
    re.IGNORECASE,
)
_NO_LABEL = re.compile(
    r"(?:.*\W)?(?:this|that|it|them|these|those|everything|all|both|one|yes|no|approv\w*|data|data ?sets?|models?|adapters?|weights|rows|runs?|jobs?|files?|train(?:ing)?|test(?:ing)?|eval\w*|validation|splits?|sets?|results?|reports?|candidates?|plans?|steps?|gpus?|prompts?|same|rare\w*|small\w*|remaining|⟦\w+⟧)(?:\W.*)?",
    re.IGNORECASE,
)
"""What may be merged or kept apart and is no label."""
_NEW = ("new", "as", "name", "target", "called", "together", "other")
"""Groups of the patterns that name the label which others become."""
_CUT_HERE = "⟂"
"""Stands where words were taken out."""
_AND_SO_ON = re.compile(rf"(?<={_CUT_HERE})\s*(?:, ?)?(?:and )?(?={_LABELS} into {_THE}{_LABEL})", re.IGNORECASE)
"""One merge after another: "merge a into b and c into d"."""
_KINDS = (
    ("apart", _NEVER_MERGED),
    ("none", _NOTHING_MERGED),
    ("again", _MERGED_AFTER_ALL),
    ("into", _INTO),
    ("into", _INTO),
    ("into", _INTO),
    ("into", _INTO_ONE),
)
"""Patterns in the order in which they are read: a no before what it denies, several pairs before labels without a new one."""
_SPEAKS_OF_IT = re.compile(
    r"merg|combin|fold|lump|collaps|unite|consolid|map|treat|count|read|regard|consider|handle|apart|separat|distinct|same|together|equal|label|class|categor"
)


@dataclass(frozen=True)
class Merges:
    """What a text says about merging. `pairs` are (label, label that it is read as), `apart` labels that stay their own.

    `none`: nothing is to be merged, `again`: what the data's spellings propose is merged after all. `said` are the words.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    apart: tuple[str, ...] = ()
    none: bool = False
    again: bool = False
    said: str = ""

    def slots(self, current: Request) -> dict[str, object]:
        """The slots that this sets over a request. "Don't merge them" means the user's own merges where there are any."""
        found: dict[str, object] = {}
        pairs = tuple(p for p in current.merge_labels if not self._parted(p))
        if self.none:
            pairs = ()
        if self.none and not (current.merge_labels and not self.pairs):
            found["merge_spellings"] = False
        replaced = {old for old, _ in self.pairs}
        pairs = (*(p for p in pairs if p[0] not in replaced and p[::-1] not in self.pairs), *self.pairs)
        if pairs != current.merge_labels:
            found["merge_labels"] = pairs
        apart = () if self.again else (*current.keep_apart, *self.apart)
        apart = tuple(dict.fromkeys(label for label in apart if label not in replaced))
        if apart != current.keep_apart:
            found["keep_apart"] = apart
        if self.again and not current.merge_spellings:
            found["merge_spellings"] = True
        return found

    def _parted(self, pair: tuple[str, str]) -> bool:
        apart = {label.casefold() for label in self.apart}
        return {label.casefold() for label in pair} <= apart


def take_merges(text: str) -> tuple[Merges, str]:
    """What a text with its capitals says about merging labels, and the text without those words. Never raises."""
    told: dict[str, list[dict[str, str]]] = {"apart": [], "none": [], "again": [], "into": []}
    rest: list[str] = []
    for sentence in re.split(r"(?<=[.!?;])(?=\s)|(?<=\n)", text):
        plain, left = sentence.strip().lower(), sentence
        if _SPEAKS_OF_IT.search(plain) and not is_plain_question(plain) and not is_future(plain):
            for kind, pattern in _KINDS:
                left, found = _cut(_AND_SO_ON.sub("merge ", left), pattern)
                told[kind] += found
        rest.append(left.replace(_CUT_HERE, " "))
    said = [groups[""] for found in told.values() for groups in found]
    merges = Merges(
        pairs=tuple(dict.fromkeys(pair for groups in told["into"] for pair in _pairs(groups))),
        apart=tuple(dict.fromkeys(label for groups in told["apart"] for label in _labels(_first(groups)))),
        none=bool(told["none"]),
        again=bool(told["again"]),
        said=" ; ".join(said),
    )
    return merges, "".join(rest) if said else text


def _cut(sentence: str, pattern: re.Pattern[str]) -> tuple[str, list[dict[str, str]]]:
    """The sentence without what the pattern finds, and the groups of each find ("" is the whole) that names labels."""
    found: list[dict[str, str]] = []

    def keep(match: re.Match[str]) -> str:
        groups = {name: value for name, value in match.groupdict().items() if value}
        if any(_NO_LABEL.fullmatch(label) for value in groups.values() for label in _labels(value)):
            return match.group()
        found.append({**groups, "": match.group()})
        return _CUT_HERE

    return pattern.sub(keep, sentence), found


def _first(groups: dict[str, str]) -> str:
    return next(value for name, value in groups.items() if name)


def _pairs(groups: dict[str, str]) -> list[tuple[str, str]]:
    """Every label with the one that it is read as: the one named for it, else the first of them."""
    new = next((groups[name] for name in _NEW if name in groups), "")
    olds = _labels(next(value for name, value in groups.items() if name and name not in _NEW))
    into = _labels(new)[0] if new else olds[0]
    return [(old, into) for old in olds if old != into]


def _labels(text: str) -> list[str]:
    bare = re.sub(rf" {_NOUN}$", "", text.strip(), flags=re.IGNORECASE)
    pieces = re.findall(rf"(?:^|{_AND}|\s*(?:=|/(?=\s))\s*| (?:with|into|in|to) {_THE})({_LABEL})", bare, re.IGNORECASE)
    return [piece.strip(" .\"'") for piece in pieces]
