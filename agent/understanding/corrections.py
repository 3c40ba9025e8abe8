"""What in a text is in force: not the past, not the withdrawn, not mere questions; the last word wins."""

from __future__ import annotations

from agent.understanding import patterns as re

_PAST = re.compile(
    r"\b(?:last (?:(?:time|week|month|year|quarter)(?!'s (?:model|adapter|checkpoint|weights|winner|data|dataset|version|result|candidate))|run|attempt|experiment|session|round|spring|summer|autumn|fall|winter)|previous(?:ly)?\b|earlier (?:run|attempt|this)|"
    r"last (?:rft|sft|dpo|orpo|grpo|fine-?tun\w*|training|tuning|job|try|pilot|model)|"
    r"(?:our|the|an?|my|that|your) (?:\w+ ){0,2}(?:run|attempt|try|sweep|experiment|pilot|round|job)\b[^.;!?\n]{0,60}? (?:landed|peaked|plateaued|stalled|stopped at|got stuck|was stuck|flopped|disappointed|topped out|went nowhere|reached|gave|ended up|ended at|came (?:out|in)|scored|was so|was bad|was good|failed|crashed|diverged|cost)|"
    r"^(?:background|history|context(?: for \w+)?|previously|for context|fyi|for your information|so far)\b[:,]?(?=[^\n]*\b(?:got|used|was|were|had|ran|trained|reached|blew|failed)\b)|\bv\d+(?:\.\d+)?(?: of (?:the|our|my) \w+)? (?:\(|got\b|had\b|used\b|was\b|reached\b|ran\b)|(?:our|my|their|his|her)(?: own)? (?:attempt|try|run|experiment|pilot)s?\b[^.;!?\n]{0,30} (?:used|was|had|ran|got|blew|took|went|failed|ended)|"
    r"\d (?:epochs?|ranks?) (?:was|were|is|are|seems?|proved)(?: \w+)? too (?:many|much|long|high|big|large|low|few|little|short)|"
    r"(?:which|that) (?:an?|the|our|some) (?:\w+ ){1,3}(?:trained|tuned|used|built|made|set up|did|ran)\b|(?:model|adapter|run|version|one|job) (?:from|of) (?:spring|summer|autumn|fall|winter|last \w+|20\d\d|january|february|march|april|may|june|july|august|september|october|november|december)\b|"
    r"yesterday|back then|in the past|so far we|until now|up to now|used to|(?:the|our|an?) (?:old|earlier|first|prior) (?:run|attempt|experiment|job|sweep|model)|"
    r"(?<!want )(?<!wants )(?<!need )(?<!needs )(?<!get )(?<!like )(?<!see )(?:we|i|they|he|she|anna|colleagues?|the team|it|which|that) (?:already |once |had |have |has |initially |originally )*(?:used|tried|trained|ran|tuned|fine-?tuned|did|had|got|reached|spent|paid|started with|experimented|tested|burned|set|was|went with|cost|were on|was on|moved to|switched to|started on|went from|came out|replaced|switched|migrated|installed|deployed|bought|introduced|rolled out|launched|shipped|benchmarked|compared|evaluated)\b|both came out|"
    r"\b\w+'s? (?:first |own |last |old |earlier )?(?:attempt|try|run|experiment|pilot|sweep|go|version|set-?up|config\w*)(?: of| from)?(?: \w+)? (?:used|had|was|were|ran|took|did|got|went|reached|ended|failed|came|cost)\b|"
    r"\b(?:an?|the|our|my|their|his|her|some|two|2|former|previous|old|one of (?:our|the|my)) (?:\w+ ){0,2}(?:interns?|students?|colleagues?|predecessors?|agency|agencies|vendors?|contractors?|consultants?|freelancers?|boss|manager|postdoc|professor|supplier|partner|team|department|lab|group|guys?|folks|friends?|people|company|shop|developers?|engineers?|trainee|apprentice|teammates?|cto|founder|brother|sister|institute)(?: (?:before me|there|here|of ours|who left|back then))? (?:(?:already|once|also|even|first|briefly) )?(?:fine-?tuned|finetuned|trained|tuned|ran|used|tried|built|showed|presented|demoed|tested|made|set up|did|took|chose|picked|got|had|left behind|experimented|reached)\b|"
    r"\b(?:run|attempt|try|experiment|pilot|sweep|trial|go|round|shot)(?: (?:at it|at this))? (?:from|in|of|back in|last) (?:spring|summer|autumn|fall|winter|last \w+|20\d\d|q[1-4]|january|february|march|april|may|june|july|august|september|october|november|december)\b|"
    r"\b(?:cost|costed) (?:us|me) |months? ago|weeks? ago|days? ago|years? ago)"
)
_PRESENT = re.compile(
    r"\b(?:now|this time|today|please|let'?s|but|so\b|therefore|instead|use|take|train|want|wants|would like|(?:i|we)'d (?:like|prefer|rather|love|want)|go with|should|try|run (?:it|the|a|sft|dpo|supervised)|do (?:it|the same|this|sft|dpo|(?:like |about |maybe |just |only )?\d)|can you|could you|i need|we need|fine-?tune|set|make)\b"
)
_RENEWED = re.compile(
    r"\b(?:now|this time|today)\b|\b(?:replac|swap|chang|exchang|switch)\w* (?:it|that(?: one)?|this|them) (?:with|for|by|to)\b"
)
"""What holds now although its clause tells of the past: "yesterday she asked to replace it with X"."""
_CLAUSE = re.compile(r"(?:,\s+|;\s*|\s—\s|\s-\s|\(|\)|(?<=\w)\s+(?=but\b|now\b|this time\b|so\b))")
_IT = re.compile(r"\b(?:fine-?tune|train|tune|use|take|benchmark|run) (?:it|that|this|that one|this one|that model)\b")
_BOTH = re.compile(r"\b(?:both|them|all (?:two|three|four|of them)|all \d)\b")
_COMPARES = re.compile(r"(?:hi|hello|hey|so|ok)?[, ]*which (?:one )?of (?:the |these )?⟦m|which is better")
_WH = re.compile(
    r"^(?:(?:and|also|so|but|by the way|btw|one (?:more )?(?:question|thing)|question|ps|p\.s\.|oh)[,:]?\s+)*(?:what|which|how|why|when|where|who|whose|is|are|does|do you|did|has|have you|will(?! you)|would(?! you)|wouldn'?t|couldn'?t (?:we|i|they|it)|shouldn'?t|isn'?t|aren'?t|doesn'?t|don'?t (?:we|you|they)|would you (?:recommend|suggest|say|advise|prefer)|should (?:i|we)|am i|any idea|can (?:i|we|it)|could (?:i|we|it)|do (?:i|we))\b"
)
_CAN_WE = re.compile(
    r"(?:can|could|shall|may) (?:we|i) (?:please |now |just |also )*(?:do|run|train|fine-?tune|finetune|tune|start|launch|set up|kick off|get|have|try|classify)\b.*(?:⟦d.*⟦m|⟦m.*⟦d)"
)
"""A question with all that a job needs is a polite order: "Can we do SFT on X with Y?"."""
_FUTURE = re.compile(
    r"\b(?:next (?:week|month|time|quarter|year)|later (?:on )?(?:we|i|you|maybe|try)|maybe later|in (?:the )?(?:future|a second step)|eventually|at some point|some day|afterwards we|one day|might later|will later)\b"
)

MARKER = re.compile(
    r"\b(?:no,? wait|wait|actually|sorry|scratch that|correction|i mean(?:t)?|make (?:that|it)|on second thoughts?|strike that|oops|rather|better (?:take|use|go)|"
    r"change of plan|changed my mind|or no|nope|edit|update|instead|thinking about it|hold on|my mistake|let me correct|no[,:—] ?|hmm,? no|ah no|forget (?:that|it|what i said)|change to)\b|(?:^|[—(,.] ?)no[,—] |\bno —"
)
_NUM = r"[$€]?\d+(?:\.\d+)?(?:e-?\d+)?"
_LIST = rf"{_NUM}(?:(?:,| and| or|/) ?{_NUM}){{0,30}}"
_UNIT = r"(?:epochs?|ranks?|samples?|rows|examples|jobs?|runs?|dollars|usd|percent|%)"
_WITHDRAWN = re.compile(
    rf"\b(?:instead of|rather than|in place of|as opposed to|no longer|and not|, not|not|down from|up from)\s+(?:the |that |just |only )*(?:usual |default |previous |old |original )?(?:(?:epochs?|rank|lr|learning rate|beta|budget)\s+)?{_LIST}(?!\s?[:/])(?:\s*{_UNIT})?(?=\W|$)"
)
_NOT_THIS_BUT = re.compile(
    rf"\bnot {_NUM} (?P<unit>{_UNIT})\b[^.;\d]{{0,40}}(?:\b(?:just|only|but)(?: do| use| take)?|,) (?P<new>{_NUM})(?=\s*(?:$|[.,;!]))"
)
_TAKES_BACK = r"(?:no|nope|sorry|wait|actually|oops|er|hm+|correction|i mean(?:t)?|make (?:it|that)|rather|scratch that|strike that|on second thoughts?|changed my mind)"
_AGAIN = r"(?:(?:let'?s )?(?:make (?:it|that)|use|try|take|go (?:with|for)|do|say|set it to|it should be|i want|i meant?)|rather|better|just|only|please|to|at|no|wait|actually|sorry|hm+|of course)"
_REPAIRED = re.compile(
    rf"(?P<old>{_LIST})(?P<unit>[ -]{_UNIT}(?: (?:for|in|during) (?:the |my |our )?(?:\w+ )?(?:sweep|tuning|search))?)?(?P<gap>[^\w⟦$€]{{0,6}}(?:(?:or|well|oh|ah|ok|and|but)\W+)?)\b{_TAKES_BACK}\b"
    rf"(?:[^\d⟦$€]{{0,70}}?\b(?:make (?:it|that)|use|try|take|go (?:with|for))|)(?:[\s,:—.!-]|\b{_AGAIN}\b)*?\s"
    rf"(?P<new>{_LIST}(?: and (?:also )?(?:try|use) {_NUM})?)(?P<same>[ -]{_UNIT})?"
    r"(?=\s*(?:$|[.,;!?)\n—]|(?:and|but|please|then|on|with|for|at|in|instead|after|because|since|so|as|of|is|are|will do|would do|suffices?|should do|do)\b))"
)
"""A number, a word that takes it back, and the number that stands for it: "rank 64 - no wait, too big, make it 32"."""
_ARROW = re.compile(rf"{_NUM}(?: {_UNIT})?\s*(?:->|=>)\s*(?={_NUM})")
_MAKE_IT = re.compile(rf"\bmake (?:it|that) {_NUM}(?=\s*(?:$|[.,;!\n]))")
_FROM_TO = re.compile(rf"\bfrom {_NUM}(?: {_UNIT})? (?:down |up )?to (?={_NUM})")


def in_force(sentences: tuple[str, ...]) -> str:
    """The sentences that say what is wanted now, without clauses about the past and without plain questions."""
    wishes = [s for s in sentences if not is_plain_question(s)]
    if wishes and not any("⟦d" in s for s in wishes):
        # "How well does it classify tickets-1? Just benchmark it.": the question holds what the order is about.
        wishes = [s for s in sentences if s in wishes or "⟦d" in s]
    refers = any(_BOTH.search(s) or _IT.search(s) for s in wishes)
    if refers and not any("⟦m" in s for s in wishes):
        wishes = [s for s in sentences if s in wishes or "⟦m" in s]
    if wishes and not any("⟦m" in s for s in wishes):
        # "Which of the two models is better? Only benchmark.": so does a question that compares.
        wishes = [s for s in sentences if s in wishes or _COMPARES.match(s)]
    return "\n".join(kept for kept in map(_present, wishes) if kept)


def with_unit_of_question(present: str, whole: str) -> str:
    """ "Why 5 epochs? Make it 2.": the number after "make it" takes the unit, where the text names only one."""
    units = set(re.findall(rf"{_NUM} ({_UNIT})", whole))
    if len(units) != 1:
        return present
    return _MAKE_IT.sub(rf"\g<0> {units.pop()}", present)


def is_plain_question(sentence: str) -> bool:
    """A sentence that only asks: "What would 5 epochs cost?"; "Can you train ...?" is a request."""
    return (
        sentence.rstrip(" )\"'").endswith("?")
        and bool(_WH.match(sentence))
        and not re.match(r"would you (?:please )?(?:train|run|fine)", sentence)
        and not _CAN_WE.match(sentence)
    )


def is_future(sentence: str) -> bool:
    """A sentence about what may come another day."""
    return bool(_FUTURE.search(sentence))


def _present(sentence: str) -> str:
    """The sentence without its clauses about the past; a clause counts as past until one speaks of now."""
    if not _PAST.search(sentence):
        return sentence
    kept: list[str] = []
    past = outer = False
    at = 0
    cuts = [*(m.end() for m in _CLAUSE.finditer(sentence)), len(sentence)]
    for cut in cuts:
        clause = sentence[at:cut]
        at = cut
        if clause.endswith("("):
            outer = past or bool(_PAST.search(clause))
        if _PAST.search(clause):
            past = not _RENEWED.search(clause)
        elif past and _PRESENT.search(clause):
            past = False
        if not past:
            kept.append(clause)
        if clause.endswith(")"):
            # What a bracket tells about the past ends with it: "X (which they used) ...".
            past = outer
    return "".join(kept)


_CORRECTIONS_READ = 4
"""Corrections in a row ("5 epochs. Actually 3. No, 2."); people seldom make more."""


def without_withdrawn_numbers(text: str) -> str:
    """The text without numbers that are named only to be replaced: "2 epochs instead of 3", "from 3 to 2 epochs"."""
    for _ in range(_CORRECTIONS_READ):
        text, changed = _REPAIRED.subn(_repaired, text)
        if not changed:
            break
    text = _ARROW.sub("", text)
    text = _NOT_THIS_BUT.sub(r"\g<new> \g<unit>", text)
    return _WITHDRAWN.sub(" ", _FROM_TO.sub("to ", text))


def _repaired(match: re.Match[str]) -> str:
    """The new number with the old one's unit; a number with another unit of its own replaces nothing."""
    unit, own = match["unit"] or "", match["same"] or ""
    if own and own.strip(" -s") != unit.split(" for ")[0].strip(" -s"):
        return match.group()
    old, kept = match["old"], ""
    if len({bool(re.search(r"[e.]", number)) for number in re.findall(_NUM, old)}) > 1:
        # "lr 2e-4, 3 epochs, no, 4": only the last number is meant.
        kept = old[: [m.start() for m in re.finditer(_NUM, old)][-1]]
    sign = old[0] if old[0] in "$€" and match["new"][0] not in "$€" else ""
    return f"{kept}{sign}{match['new']}{own or unit}"
