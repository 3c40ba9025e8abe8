"""What is said about single labels after their list: one renamed, dropped, added, put right by its place."""

from __future__ import annotations

from agent.understanding import patterns as re

_Q = r"['\"]?"
_NEW = r"(?:\"[^\"\n]{1,40}\"|'[^'\n]{1,40}'|[\w-]+)"
_RENAME = re.compile(
    rf"\b(?:rename|call|replace|swap|change) {_Q}(?P<old>[\w'-]+){_Q} (?:to|with|by|for|into|as)?\s?(?P<new>{_NEW})",
    re.IGNORECASE,
)
_IS_CALLED = re.compile(
    rf"{_Q}\b(?P<old>[\w-]+(?: [\w-]+)?){_Q} (?:is (?:now )?(?:called|named|labelled|to be|really)|(?:should|must|shall|has to) (?:be(?: called| named)?|read|say)|becomes|has been renamed(?: to)?|was renamed(?: to)?|heißt(?: jetzt| nun)?|soll(?:te)? (?=\S+ heißen)|wird zu|s'appelle(?: maintenant)?|devient|se llama(?: ahora)?|pasa a ser|改成|改为|应该是) (?P<new>{_NEW})(?: now| from now on| instead)?",
    re.IGNORECASE,
)
_DROP = re.compile(
    rf"(?:\b(?:drop|remove|leave out|without|forget|not|minus|except|skip|lose|delete|no|strike|scrap|ditch|kill|retire[rz]?|enlève[rz]?|enlevez|supprime[rz]?|sans|ôtez|quita[rn]?|quiten|elimina[rn]?|borra[rn]?|sin|streich\w*|entfern\w*|ohne|lass\w*|togli\w*|rimuov\w*|senza|tira[rn]?|remova\w*|sem)\b|去掉|删掉|删除|不要|除去|去除)(?: (?:the|le|la|les|el|los|das|den|die|il|o|a)\b| ?那个)?(?: (?:label|class|category|étiquette|etiqueta|klasse|kategorie))? ?{_Q}(?P<old>[\w-]+(?: [\w-]+)?){_Q}",
    re.IGNORECASE,
)
_ADD = re.compile(
    rf"\b(?:add|plus|include|(?:put|insert|bring|take) in|(?:put|insert|use|take|have|write)(?= (?:an? |the )?{_NEW} (?:there|in (?:its|that|his) place|in there|for it|instead))|and also|as well as|(?:there is|there's|we (?:now )?have|we need)(?: now)?(?= an?\b| one\b))(?: the| an?| one| another| more| new| \w+th| third){{0,4}}(?: label| class| category)?(?: now| too| called| named)?[:,]? (?P<new>{_NEW})(?: (?:as (?:a |another )?(?:label|class|category)|to the (?:labels|list|classes)|too|as well))?",
    re.IGNORECASE,
)
_AND_ALSO = re.compile(
    rf"^[\s.,;:!…]*(?:(?:oh|ah|uh|wait|sorry)[,.!]? )*(?:and|plus|also|und|et|y)(?: also| auch| aussi| también)? (?P<new>{_NEW})(?: too| as well)?(?=\s*(?:$|[.,;!\n]))",
    re.IGNORECASE,
)
"""Right behind the list: "oh, and bored"."""
_GONE = re.compile(
    rf"{_Q}\b(?P<old>[\w-]+){_Q} (?:can go|is out|is gone|falls away|drops out|(?:is|isn't|is not) (?:no longer |not )?(?:needed|used|wanted)(?: any ?more)?|entfällt|fällt weg|kann weg|disparaît|sobra|不需要|去掉)\b",
    re.IGNORECASE,
)
_BY_PLACE = re.compile(
    rf"\b(?:the|that|my) (?P<place>first|second|third|fourth|last)(?: (?:one|label|class|category))? (?:is|should (?:be|read)|must be|is (?:meant|supposed) to be|was meant to be) (?P<new>{_NEW})|\b(?:call|name|rename|make|change) the (?P<at>first|second|third|fourth|last)(?: (?:one|label|class|category))? (?:to |into |as )?(?P<as>{_NEW})",
    re.IGNORECASE,
)
_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_LABEL_WORDS = ("label", "class", "categor", "list")


def with_repairs(values: list[str], tail: str) -> tuple[list[str], str]:
    """The labels after what is said later about single ones, and the tail without those words."""
    values = list(values)
    folded = {v.casefold(): v for v in values}
    dropped: list[str] = []

    def rename(match: re.Match[str]) -> str:
        words = match["old"].split()
        for said in (match["old"], words[-1]):
            old = folded.get(said.casefold())
            if old is not None and old in values:
                values[values.index(old)] = _bare(match["new"])
                return match["old"][: -len(said)]
        return match.group()

    def drop(match: re.Match[str]) -> str:
        words = match["old"].split()
        for taken in (" ".join(words), words[0]):
            if (old := folded.get(taken.casefold())) and old in values and len(values) > 2:
                values.remove(old)
                dropped.append(old)
                return match["old"][len(taken) :]
        return match.group()

    def add(match: re.Match[str]) -> str:
        said = match.group().lower()
        if not any(w in said for w in _LABEL_WORDS) and not dropped and match["new"][0] not in "'\"":
            return match.group()
        return append(match)

    def append(match: re.Match[str]) -> str:
        if _bare(match["new"]).casefold() not in folded:
            values.append(_bare(match["new"]))
        return ""

    def by_place(match: re.Match[str]) -> str:
        place = _PLACES[(match["place"] or match["at"]).lower()]
        if place >= len(values):
            return match.group()
        values[place] = _bare(match["new"] or match["as"])
        return ""

    tail = _AND_ALSO.sub(append, tail)
    tail = _BY_PLACE.sub(by_place, tail)
    tail = _IS_CALLED.sub(rename, _RENAME.sub(rename, tail))
    tail = _GONE.sub(drop, _DROP.sub(drop, tail))
    return values, _ADD.sub(add, tail)


def _bare(label: str) -> str:
    return label.strip("'\"")
