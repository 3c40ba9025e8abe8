"""How a clause stands to the wish: of what serves today, of a past run, of somebody else's model, or of none of these."""

from __future__ import annotations

from agent.understanding import patterns as re

_BOUND = re.compile(
    r"[;()\[\]—\n]|[.!?](?=\s|$)|,(?=\s)|\s(?=(?:but|while|whereas|though|although|because|so|hence|therefore)\b)"
    r"|\s(?=and (?:we|i|it|they|the|our|my|this|that|use|train|take|please|now|then|would|want)\b)"
)
_WE_USE = re.compile(
    r"\b(?:we|i|they|it|which|that)(?:'ve| have| are| is|'re)? (?:(?:currently|now|still|already|always|only|just|been|been running|also) )*us(?:e|es|ing)\b"
)
_WISH = re.compile(
    r"\b(?:train(?:ing)?|retrain|fine-?tun(?:e|ing)|finetun(?:e|ing)|tun(?:e|ing)|sft|dpo(?!'d)|orpo|grpo|rft|wants?|wish|please|let'?s|should|shall|must|needs?|like|(?<!in )use|take|try|pick|go (?:with|for)|choose|student|candidates?|base models?|base ?[:=]|models? ?[:=]|model (?:is|are|stays|remains|will be)|policy ?[:=]|(?<!the )(?<!in )benchmark|compare|supervised|to be tuned|to be trained|learns?|teach|adapt|distil)\b|\b(?:is|gets|be|being|then) (?:then |afterwards |to be )?(?:fine-?tuned|finetuned|trained|tuned)\b|\bto train\b|\bjob ?:"
)
_INCUMBENT = re.compile(
    r"\b(?:in prod(?:uction)?|on prod|our production|production (?:model|bot|system|is|runs)|(?:is|are|be|been|'s|still|currently|now) (?:live|running|serving|deployed|hosted|handling|doing|answering|in charge)|at the moment|right now|at present|these days|nowadays|currently|presently|in use|in service|in operation|in place|serves?|(?:runs?|running|based|built|relies|relying|sits|works|working) on|powered by|powers|(?:stands?|sits?) behind|under the hood|incumbent|status quo|untouched|not to be touched|leave (?:it|that|this|them) (?:alone|be|as)|until now|so far|up to now|to date|hitherto|(?:we|they|i) have been|uses|(?:is|are) (?:being|already being) \w+ed|by (?:another|the other|a different) (?:team|group|colleague)|we pay|costs us)\b"
    r"|⟦m⟧ inside\b|⟦m⟧ (?:deployment|endpoint|instance|in prod|bill|subscription|licen[cs]e|contract|api\b)|\b(?:it|which|that) stays\b|\w's ⟦m⟧ (?:answers|handles|sorts|does|is|has|serves|runs)"
)
_OTHERS = re.compile(
    r"\b(?:competitors?|competition|rivals?|vendors?|suppliers?|providers?|agenc(?:y|ies)|partners?|neighbou?r\w*|(?:another|other|sister|different|next) (?:team|company|department|group|bank|office|school|unit|plant|site|branch|library|hospital|city|town)|the (?:paper|authors?|blog|tutorial|pilot|poc|prototype|demo)|everyone else|everybody else|consultants?|other people)\b.*\b(?:uses?|used|using|has|have|had|runs?|ran|tried|took|got|claims?|reports?|recommends?|suggests?|wrote|says?|did|built|picked|chose|went|on|with)\b"
)
_RESULT = re.compile(
    r"\b(?:landed (?:at|on)|peaked|plateaued|diverged|crashed|collapsed|oom(?:ed)?|scored|topped out|maxed out|ended up|came out|flopped|disappointed|struggled|retired|switched off|decommissioned|before that|back in|pilot|got to|got us|stalled|bottomed|converged)\b"
    r"|⟦m⟧ (?:\w+ )?(?:got|gets(?! (?:\w+ )?(?:train|tun|fine|taught))|lost|won|trails|lags|had|failed|reached|managed|hit|was|were|cost|ran|did|looked|seemed|performed|worked|impressed|struggles?)\b"
)
_DOES_WORK = re.compile(
    r"⟦m⟧(?: (?:still|currently|now|already|also|today))? (?:answers|handles|sorts|routes|classifies|translates|summari[sz]es|writes|drafts|replies|reads|tags|labels|triages|moderates|processes|talks|deals|extracts|generates|does) (?:[a-z]+s\b|our|all|the|every|most|it|them|customers?|users?|those|these|this|that|to|with|about|incoming|my|up)\b"
)
_MADE_BY = re.compile(
    r"\b(?!replaced|trained|tuned|fine-?tuned|finetuned|followed|supported|backed|need|speed|beaten|taught)(?:\w+(?:ed|en)|made|built|drawn|done|put together|read) (?:by|with the help of|with help from) (?:the |a |an |our |both |mostly |mainly )*⟦m⟧"
    r"|\b(?:chosen|rejected|preferred|winning|losing|good|bad|better|worse|first|second|left|right|other) (?:side|half|answers?|ones?|responses?|completions?|column|replies)\b[^⟦]{0,30}\b(?:by|from|are|is|come|comes|came)\b[^⟦]{0,10}⟦m⟧"
    r"|\b(?:answers|replies|responses|outputs|completions|labels|texts|data|rows|samples|pairs|examples|questions) (?:are |were |is |was )?(?:of|from|by|courtesy of) (?:the |a |our )?⟦m⟧(?! (?:train|fine|on ))"
)
_MADE_BY_RIGHT = re.compile(
    r"⟦m⟧(?:'s?)? (?:work|doing|output|outputs|product|handiwork|creation|style|answers|texts)\b"
)
_MEASURE_STICK = re.compile(
    r"\b(?:baselines?|yardstick|reference(?: point)?|rivals?|opponent|bar|model to beat|to beat|contender|comparison(?: model| point)?|to compare (?:with|against|to)|compared? (?:with|against|to)|get past|go past|catch up with|close the gap (?:to|with)|come close to|near|overtake|ahead of|behind|short of|in comparison (?:with|to)|relative to)\b[^⟦.]{0,35}⟦m⟧"
)
_ASKS = re.compile(r"(?:so |and |or )*(?:which|what|who|how well|whether|does|do|is|are|can)\b")
_SOMEBODYS_FIGURE = re.compile(
    r"\b(?!we\b|i\b|you\b)\w+ (?:reports?|reported|claims?|claimed|gets?|got|reaches|reached|achieves?|achieved|has|had|scores?|scored|manages?|managed|shows?|showed) (?:about |around |some |only |just )?[$]?\d[\d.]*\s?%?(?: \w+)? (?:with|using|on|by|from|via)\b[^⟦]{0,20}⟦m⟧"
)
_PAST_THING = re.compile(
    r"\b(?:the|our|my|an?|that|their) (?:\w+ ){0,3}(?:model|run|version|checkpoint|adapter|job|attempt|pilot|prototype|experiment|bot|system) (?:from|of|in|back in|that we had|we had|we built|we used) [\w ]{2,24}(?:, |\(| ?— ?)(?:an? |the |based on |namely )*$"
)
_APPOSED = re.compile(
    r"\b(?:our|their|the|my|this|current|old) (?:\w+ ){0,2}(?:bot|chatbot|voicebot|assistant|classifier|system|set-?up|pipeline|service|app|tool|router|stack|solution|product|backend|engine|adapter|run|attempt|checkpoint|pilot|version|copilot|helpdesk|help desk|endpoint|search|widget|portal|model in use)(?: today| now)? ?(?:\(|, |— ?)(?:a |an |the |currently |now |based on |running |built on |powered by |it'?s |which is |still )*$"
)


def clause(text: str, start: int, end: int) -> str:
    """The clause of the names at start..end, which stand as ⟦m⟧, between the nearest boundaries on both sides."""
    begin = max((m.end() for m in _BOUND.finditer(text, max(0, start - 160), start)), default=max(0, start - 160))
    stop = _BOUND.search(text, end, end + 160)
    return f"{text[begin:start]}⟦m⟧{text[end : stop.start() if stop else end + 160]}".strip()


def is_aside(text: str, start: int, end: int) -> bool:
    """Whether the names at start..end are of a clause that tells about the world and wishes nothing.

    Its model serves today, belongs to others, made the data, is only to be beaten, or had its run already.
    """
    said = clause(text, start, end)
    if _MADE_BY.search(said) or _MADE_BY_RIGHT.search(said) or _MEASURE_STICK.search(said):
        return True
    if _WISH.search(_WE_USE.sub("", said)):
        return False
    if _ASKS.match(said):
        return False
    before = re.split(r"[.;!?]\s|\n", text[max(0, start - 90) : start])[-1]
    if _PAST_THING.search(before):
        return True
    if any(p.search(said) for p in (_INCUMBENT, _OTHERS, _RESULT, _DOES_WORK, _SOMEBODYS_FIGURE)):
        return True
    return bool(_APPOSED.search(before)) and not _WISH.search(before)
