"""Reading a reply at an open gate: approve, revise, reject, ask or unclear, with the changes it wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from agent.understanding import patterns as re
from agent.understanding.answers import read_changes
from agent.understanding.asked_for import left_to_agent
from agent.understanding.beside import ASKS, beside_a_question
from agent.understanding.context import kind_of_question
from agent.understanding.corrections import without_withdrawn_numbers
from agent.understanding.label_merges import MERGE_SLOTS, take_merges
from agent.understanding.languages import to_english
from agent.understanding.leftovers import not_held, partly_read
from agent.understanding.letters import quotes_a_plan, without_frame
from agent.understanding.names import QUOTED_FILE
from agent.understanding.no_forms import begins_with_hold, ends_session, says_no
from agent.understanding.not_applied import not_applied
from agent.understanding.numbers import plain_numbers
from agent.understanding.quoting import split_quoted
from agent.understanding.result import Gate, Reply
from agent.understanding.text import bounded, normalised
from agent.understanding.yes_forms import kind_of
from tuning.request import Request

_QUOTED_WORDS = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']{6,}'(?!\w)|`[^`]*`")
_ASKS = re.compile(
    r"\?|^(?:(?:and|but|so|ok|okay|yes|hmm|um|well|sounds good|looks good|fine|great|sure|thanks),? (?:but )?)?(?:what|which|how|why|who|when|where|is it|is this|is that|are you|are there|(?:is|are|was|were|has|have) (?:the|my|our|your|these|those|there|they|all|any|\$|\d)|does|did|whats|can i|could i|do i|am i|will it|would it|what's|who's|how's|explain|tell me|show me|remind me)(?:\b|(?<=[\d$]))|\b(?:first|please) (?:tell|explain|show)\b|\btell (?:me|us) first\b|\bi (?:wonder|was wondering|am wondering|don'?t understand|do not understand)\b|\b(?:please|could you|can you) (?:explain|tell me|show me (?:how|what|why|the (?:details|numbers|breakdown)))\b|吗$|^(?:was|wie|warum|wieso|welche\w*|wer|wann|wie viel|combien|pourquoi|quel\w*|comment|qué|cuánto|por qué|cuál\w*|cómo) "
)
_WONDERS = re.compile(
    r"\b(?:idk|dunno|no idea|don'?t know|unclear|not sure|curious|wondering|unsure) (?:what|whats|what's|how|which|why)\b|\b(?:what is|what's|whats) an? \w+(?: \w+)?$"
)
"""Asks in passing; beside a change it only says why the writer leaves the rest to the agent."""
_TELL_FIRST = re.compile(
    r"^(?:(?:please|but|ok|yes|and|so)[, ]*)*(?:tell|explain to|show) (?:me|us)\b[^.;]{0,12}\b(?:what|how|why|which|whether)\b[^.;]*\W*$"
)
_SUGGESTS = re.compile(
    r"\b(?:(?:can|could|would|will) (?:you|we|it)(?: please| maybe| perhaps| also| not| instead| just| rather| be)*|how about|what about|why not|why don'?t (?:you|we)|let'?s|shall we|should(?:n'?t)? we|may i ask you to|mind) (?:\w+ ){0,3}?(?:us(?:e|ing)|switch\w*|mak(?:e|ing)|chang\w+|set\w*|try\w*|take|do(?:ing)?|reduc\w+|lower\w*|drop\w*|skip\w*|add\w*|run\w*|go\w*|keep\w*|limit\w*|cap\w*|rais\w+|increas\w+|train\w*|cut\w*|stick\w*|deploy\w*|merg\w+|combin\w+|treat\w*|not|leave|with|\d|⟦)|\b(?:how|what) about\b|\bwhy not\b"
)
_DISCUSSES = re.compile(
    r"\b(?:cheaper|cost|faster|better|enough|longer|difference|mean|help|change anything|worth|happen|take|price|save|matter|recommend|suggest|think)\b[^?]*\?|\b(?:what|how)(?: would| much| if| does| will| happens)\b"
)
_HEDGES = re.compile(
    r"\b(?:maybe|perhaps|i guess|i suppose|not sure|unsure|probably|possibly|might|hmm+|whatever|dunno|i think so|no idea|don'?t know|kind of|sort of|vielleicht|peut-être|quizás|quizá|tal vez|talvez|forse|misschien|wohl|bof)\b|也许|可能|大概|たぶん|多分|かも"
)
_UNSURE = re.compile(
    r"\b(?:(?:i'?m |am |are |really |quite )*(?:not|un)(?: \w+)? ?sure|idk|dunno|i (?:do not|don'?t|dont) (?:really )?know(?! (?:what|how|which|why|who))|no idea|undecided|can'?t decide|cannot decide|on the fence|in two minds|weiß (?:ich )?nicht(?: so recht)?|bin (?:mir )?(?:nicht|un)(?: \w+)? ?sicher|keine ahnung|je (?:ne )?sais pas|(?:pas|je ne suis pas) (?:très |vraiment )?s[ûu]re?|aucune idée|no (?:lo )?s[ée]|no estoy (?:muy |del todo )?segur[oa]|ni idea|não sei|não tenho certeza|sei lá|non (?:lo )?so|non sono sicur[oa]|boh|weet (?:ik )?(?:het )?niet|geen idee|twijfel)\b|不确定|不知道|不清楚|说不好|わからない|分からない|わかりません|迷って|どうしよう"
)
"""Says that the writer cannot tell; a no in the same words ("not sure", "no idea") is none."""
_FIRM_NO = re.compile(
    r"\b(?:stop|cancel|abort|hold|wait|reject|don'?t (?:start|proceed|do it|run|go)|do not (?:start|proceed|do it|run|go)|not yet|let me|forget it|need to|have to|nein|nicht starten|warte\w*|pas encore|attend\w*|espera\w*|todavía no)\b|先|等"
)


_SARCASM = re.compile(
    r"\b(?:yeah|yea|sure|oh|ha|right|ok|okay|great|wow),? (?:right|because|as if|great|joy|bargain)\b|\bwhat a (?:bargain|steal|deal|surprise|joy|shame)\b|\bas if\b|\bvery funny\b|\bhilarious\b|\bgood luck with that\b|\bbest joke\b|\bnice joke\b|\bmade my day\b|\bof course,? because\b|\bbecause (?:who|money|we all|why)\b|\bmoney (?:grows|is no object)\b|\bwhat could (?:possibly )?go wrong\b|(?:^|\s)/s\b|\bthanks for nothing\b|\b(?:oh|ah|wow|yay|great|super|wonderful|brilliant|fantastic|lovely|perfect),? (?:(?:great|wonderful|brilliant|fantastic|lovely|perfect|joy|super|yes)[,.!]* )?(?:another|yet another|even more|more) (?!(?:epoch|rank|model|candidate|run with|data)s?\b)|\bdown the drain\b|\bout of the window\b|\bjust what (?:i|we|my \w+|our \w+|the \w+) (?:always )?(?:needed|wanted to hear)\b|\bhow (?:wonderful|delightful|generous|thoughtful)\b|\bbe still my\b|\bwhat's another\b|\bna toll\b|\bna super\b|\bna bravo\b|\bsuper,? noch (?:ein|mehr)\w*|\bben voyons\b|\bgénial,? encore\b|\bqué maravilla,? otr[oa]\b|\bqué bien,? otr[oa]\b|🙄|🤡"
)
"""Mockery: what it names is no wish."""
_ORDERS = re.compile(r"\b(?:use|make it|change|set|switch|reduce|lower|take|instead|skip|train|cut)\b")
_YES_WORD = re.compile(r"\b(?:yes|yeah|yep|ok|okay|sure|go|approved?)\b")
_WAVERS = re.compile(
    r"(?:^|\b(?:wait|no|yes|hm+),? )(?:(?:yes|yeah|ok|okay|maybe|no|sure|right|go|hm+|huh|eh|well|so|fine|good|i|guess|suppose|think|kind|sort|of|perhaps|probably|ja|oui|si|sí|vielleicht|quizás|peut-être|hein|oder|eh|ähm|euh)[ ,.]*){1,6}\W*\?+\W*$"
)
"""A question of such words alone wavers; it asks for nothing."""
_CITES = re.compile(
    r"^\W*(?:(?:the|in|my|our|your|this|that|a|an|on|at|from) )*(?:row|line|record|entry|document\w*|docs?|readme|log|logs|completion|output|sample|example|label|display name|error|tool|page|manual|website|wiki|ticket|prompt|response|transcript|dataset|data ?set|data|file|model)\b[^.:?!]{0,60}\b(?:says?|reads?|states?|contains?|goes|shows?|writes?|answers?|said|wrote|printed|prints?|has|is)\s*:"
    r"|(?:^|[.:;\n] ?)(?:assistant|system|agent|bot|model|completion|human) ?: ?(?!\s*$)"
)
"""Words of a row, a page or a model, told as they stand."""
_FLIP = r"(?:(?:wait|hm+|well|i mean|sorry|actually|and|or|but|then|again|maybe|um|uh|so|ok|no wait)[ ,.!…]*)*"
_FLIPS = re.compile(
    rf"^\W*{_FLIP}(?:yes|yeah|yep|ja|oui|sí|si|sim|sì)[ ,.!…]*{_FLIP}(?:no|nope|nein|non|não|nee)[ ,.!…]*{_FLIP}(?:(?:yes|yeah|yep|ja|oui|sí|si|sim|sì)\b[ ,.!…]*{_FLIP}(?:(?:no|nope|nein|non|não|nee|yes|ja|oui|sí)\b[ ,.!…]*{_FLIP})*)\W*$"
    rf"|^\W*{_FLIP}(?:no|nope|nein|non|não|nee)[ ,.!…]*{_FLIP}(?:yes|yeah|yep|ja|oui|sí|si|sim|sì)[ ,.!…]*{_FLIP}(?:no|nope|nein|non|não|nee)\b[ ,.!…]*{_FLIP}\W*$"
)
_YES_AND_NO = re.compile(
    r"\b(?:yes and no|yes or no|ja und nein|jein|oui et non|sí y no|si y no|sim e não|sì e no|ja en nee)\b(?=\W*(?:$|[.,;!]))[^?]*$|是也不是"
)
"""Both a yes and a no, and nothing to tell which holds."""
_FRAGMENT = re.compile(r"^[^?]{1,25}[?!]+$")
_WH = re.compile(
    r"\b(?:what|which|how|why|who|when|where|is|are|was|were|do|does|did|can|could|will|would|should|shall|may|any|was|wie|wann|warum|welche\w*|combien|quel\w*|pourquoi|comment|quand|qué|cuánto|cuál|cuándo|por qué|quanto|quando|come|perché|qual|hoe|wat|wanneer|waarom|okay|ok)\b|[多几怎哪什么吗呢]|ですか|ますか"
)


def read_reply(
    text: str, gate: Gate, context: str = "", known_models: Iterable[str] = (), current: Request | None = None
) -> Reply:
    """Understands a reply at a gate. Pure, never raises on text.

    `current` is the request that stands, for changes that only say how far from it ("one epoch fewer").
    `context` is the agent's last words; at gate "question" a yes counts only when they can be answered by yes or no.
    An approval comes from the allow-list alone (yes_forms.py); everything here after that line can only say less.
    """
    plain = normalised(bounded(text)).lower()
    if not plain:
        return Reply("unclear", "The reply is empty.")
    parts = split_quoted(bounded(text))
    bare = QUOTED_FILE.sub(r"\g<path>", plain)  # quotes around a path with blanks quote nobody
    quoted = bool(parts.quoted or parts.data or _QUOTED_WORDS.search(bare))
    if answer := _approval(text, quoted, gate, context):
        return answer
    own = _QUOTED_WORDS.sub(" ", QUOTED_FILE.sub(r"\g<path>", normalised(parts.own).lower())) if quoted else bare
    changes = read_changes(parts.own, gate, context, tuple(known_models), current or Request())
    reply = _other(own.strip(), quoted, changes)
    if reply.label == "ask" and gate != "question":
        reply = beside_a_question(
            reply, parts.own, lambda said: read_changes(said, gate, context, tuple(known_models), current or Request())
        )
    unheld = partly_read(parts.own)
    if reply.label in ("revise", "unclear"):
        merges, rest = take_merges(normalised(parts.own))
        merged = bool(changes.keys() & MERGE_SLOTS)
        plain = _QUOTED_WORDS.sub(" ", rest).lower()
        said = plain_numbers(to_english(plain))
        unheld += not_held(said, "" if merged else merges.said, changes)
        unheld += not_applied(without_withdrawn_numbers(said), changes)
    return replace(reply, reason=" ".join((reply.reason, *unheld)))


def _approval(text: str, quoted: bool, gate: Gate, context: str) -> Reply | None:
    """The answer when the text is on the allow-list: a yes, or politeness; None when it says anything else."""
    body = without_frame(normalised(bounded(text)))
    if quoted and not (body := _above_the_plan(text)):
        return None
    asks_leave = gate == "question" and kind_of_question(context) == "yes_no"
    said = _with_known_cost(body.lower(), context)
    if gate in ("promotion", "comparison"):
        said = _with_known_winner(said, context.lower())
    kind = kind_of(said, gate, context if asks_leave else "")
    if kind == "neither" or (quoted and kind != "yes"):
        return None
    if gate == "question" and not asks_leave and left_to_agent(text, context):
        return None
    if kind == "polite":
        return Reply("unclear", "The reply is polite but says neither yes nor no.")
    if gate == "question" and not asks_leave:
        return Reply("unclear", "A yes does not answer the question that was asked.")
    return Reply("approve", "An unconditional yes.")


_AMOUNT = re.compile(r"\$ ?(\d[\d,]*(?:\.\d+)?)|(?<![\d,.])(\d[\d,]*(?:\.\d+)?) ?(?:\$|usd\b|dollars\b)")


def _with_known_cost(text: str, context: str) -> str:
    """The text with "the cost" for the one sum of money that the agent's words name: "14.20 is fine, start"."""
    amounts = {match[1] or match[2] for match in _AMOUNT.finditer(context.lower())}
    if len(amounts) != 1:
        return text
    amount = re.escape(amounts.pop())
    return re.sub(
        rf"(?<![\w.,$])(?:the )?\$? ?{amount}(?: ?(?:\$|usd\b|dollars\b|bucks\b))?(?![.,]?\d|[\w%])", "the cost", text
    )


_PROPOSED = re.compile(
    r"\b(?:promote|deploy|take|use|continue with|go on with|proceed with) (?:the )?(?P<a>candidate (?:no\.? |number |#)?\d{1,2}|[a-z][\w.]*-[\w.-]*\d[\w-]*)(?= ?(?:\([^)]*\))?[^.?!]{0,60}\?)"
    r"|\b(?P<b>candidate (?:no\.? |number |#)?\d{1,2})(?: ?\([^)]*\))? (?:has )?(?:won|wins|is ahead|leads|came (?:out )?(?:first|best|on top)|is (?:the )?(?:best|winner)|scored (?:the )?(?:best|highest))\b"
)
"""The one candidate that the agent's words propose."""


def _with_known_winner(text: str, context: str) -> str:
    """The text with "the winner" for the candidate that was proposed, by the name or number that the agent gave it."""
    proposed = {match["a"] or match["b"] for match in _PROPOSED.finditer(context)}
    named = {re.sub(r"^candidate (?:no\.? |number |#)?(?=\d)", "candidate ", name) for name in proposed}
    if len(named) != 1:
        return text
    name = named.pop()
    if number := re.fullmatch(r"candidate (\d+)", name):
        return re.sub(
            rf"\b(?:the )?(?:candidate|kandidat|candidat|candidato|kandidaat)(?: (?:no\.?|number))? ?#?{number[1]}\b(?![.,:]?\d)",
            "the winner",
            text,
        )
    return re.sub(rf"(?<![\w.-])(?:the )?{re.escape(name)}(?![\w-]|\.\w)", "the winner", text)


def _above_the_plan(text: str) -> str:
    """What a mail says above the quoted plan that it answers; "" where the quotation is anything else."""
    parts = split_quoted(bounded(text))
    lines = [line.strip() for line in bounded(text).split("\n") if line.strip()]
    first = next((at for at, line in enumerate(lines) if line.startswith(">")), 0)
    below = first and all(line.startswith(">") for line in lines[first:])
    own = without_frame(normalised(parts.own))
    if not below or parts.data or own.endswith(":") or _QUOTED_WORDS.search(own):
        return ""
    quote = normalised(parts.quoted).lower()
    return own if quotes_a_plan(quote) and not _CHANGES.search(quote) else ""


def _other(own: str, quoted: bool, changes: Mapping[str, object]) -> Reply:
    """Everything that is not on the allow-list of approvals."""
    if not own:
        return Reply("unclear", "The reply only quotes somebody else.")
    if _CITES.search(own) and not _ORDERS.search(_CITES.split(own)[0]):
        return Reply("unclear", "The reply tells what somebody or something else says.")
    if _FLIPS.search(own) or _YES_AND_NO.search(own):
        return Reply("unclear", "The reply says both yes and no.")
    if _SARCASM.search(own) and not _ORDERS.search(own):
        return Reply("unclear", "The reply does not sound as if it were meant.")
    if _asks(own, changes):
        return Reply("ask", ASKS)
    if _HEDGES.search(own) and _YES_WORD.search(own) and not changes:
        return Reply("unclear", "The reply wavers between yes and no.")
    if _UNSURE.search(own) and not changes and not _FIRM_NO.search(own):
        return Reply("unclear", "The reply says that it is not decided.")
    negative = says_no(own) or says_no(to_english(own))
    if negative and begins_with_hold(own) and not _ORDERS.search(own):
        return Reply("reject", "The reply says to hold.", ends=False)
    ends = negative and ends_session(own)
    if changes and not (ends and not re.search(r"\b(?:instead|rather|but|use|change)\b", own)):
        return Reply("revise", "The reply changes the plan.", changes)
    if negative:
        return Reply("reject", "The reply says no, stop or not yet.", ends=ends)
    if _wants_change(own) and not quoted and not _HEDGES.search(own):
        return Reply("revise", "The reply wants a change that is not a known setting.")
    if quoted:
        return Reply("unclear", "The reply quotes words that are not the user's own.")
    return Reply("unclear", "The reply is neither a plain yes nor a change that I can apply.")


def _asks(own: str, changes: Mapping[str, object]) -> bool:
    """A real question; one that only wraps a demand ("can you use 2 epochs?") is none."""
    if not _ASKS.search(own):
        return not changes and bool(_WONDERS.search(own))
    if _TELL_FIRST.search(own) and "?" not in own:
        return True
    questions = [s for s in re.split(r"(?<=[.!?;\n])\s+|\n|,\s+(?=but |what|how|why|which)", own) if _ASKS.search(s)]
    demands = [s for s in questions if changes and _SUGGESTS.search(s) and not _DISCUSSES.search(s)]
    rhetorical = [
        s
        for s in questions
        if re.search(
            r"\b(?:are you (?:out of your mind|kidding|serious|crazy|mad|nuts|insane|joking)|seriously|who (?:would|on earth)|what the|how dare|^\W*(?:oh |no |but )?really\W*$|why would i|why on earth|do i look)\b",
            s,
        )
    ]
    left = [s for s in questions if s not in demands and s not in rhetorical and not _WAVERS.search(s)]
    if all(_FRAGMENT.match(s) and not _WH.search(s) for s in left) and says_no(_without(own, questions)):
        return False  # "$900? Forget it.": the words of others thrown back at them
    return bool(left) and not (changes and _imperative_elsewhere(own, questions))


def _imperative_elsewhere(own: str, questions: list[str]) -> bool:
    """Whether the change stands outside the questions: "Make it 2 epochs. What will that save?"."""
    rest = _without(own, questions)
    return bool(
        re.search(r"\b(?:use|make|change|set|switch|take|skip|only|instead|with|reduce|lower|raise|drop|keep)\b", rest)
    ) and bool(re.search(r"\d|⟦|skip|deploy|qwen|llama|instead", rest))


def _without(own: str, questions: list[str]) -> str:
    for question in questions:
        own = own.replace(question, " ")
    return own


_CHANGES = re.compile(
    r"\b(?:change|make it|make this|reduce|lower|increase|raise|cheaper|smaller|bigger|larger|fewer|less|more|add|remove|drop|merge|combine|balance|replace|switch|instead|only if|different|another|shorter|faster|swap|exclude|include|rather|revise|adjust|rework|redo|update|cut|ändern?|ändere|günstiger|weniger|moins|menos|más|plus de|改|换|减少|增加)\b|改|换"
)


def _wants_change(own: str) -> bool:
    return bool(_CHANGES.search(own))
