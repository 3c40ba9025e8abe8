"""Whether a text only asks, or says that nothing shall start."""

from __future__ import annotations

from agent.understanding import patterns as re

_NOTHING = r"(?:anything|any (?:new |more |kind of |such |real )?(?:jobs?|runs?|train(?:ing)?s?|tasks?|experiments?)|a (?:new |real )?(?:run|job|training)|yet|something|it yet|jobs?|the (?:run|job|training)|money|now|off|work|it|this|that|nothing|one)"
_NO_START = re.compile(
    r"\b(?:do not|don'?t|dont|not|never|without|no need to|nothing to|nor|refrain from)(?: [^\W\d]+){0,2} (?:start\w*|launch\w*|run(?:ning)?|kick\w*|begin\w*|do|doing|spend\w*|trigger\w*|change|initiat\w*|set(?:ting)? off|execut\w*|submit\w*)"
    rf" (?:\w+ )?{_NOTHING}\b(?! (?:on|with|in|before|until|without|for|over|through|the|a)\b)"
    r"|\b(?:nothing|anything)(?: yet| for now| first| today)? (?:start|launch|begin)\b"
    r"|\bnothing (?:shall|should|must|is to|may|needs to|has to|to|gets|will)(?: \w+)? (?:start\w*|run|be (?:started|launched|run|trained)|launch\w*|kicked off)"
    r"|\b(?:only|just) (?:tell(?! (?:me|us) (?:when|if|once|what you|where))|explain|show|list|answer|estimate|give me (?:an estimate|a quote|the (?:cost|price)))\b"
    r"|\bno (?:run|job|jobs|training|order|action)s? (?:yet|for now|today|please|at this point|needed|now)\b|\bstart nothing\b|\b(?:only|just) (?:a|an|one|some) (?:\w+ )?(?:question|estimate|info\w*|inquiry|enquiry|quer(?:y|ies))"
    r"|\b(?:this|it) is (?:only |just |purely )?(?:a|an|no|not an?) (?:(?:\w+ )?(?:question|inquiry|enquiry)|order\b|request to (?:start|train|run))"
    r"|\bnot (?:i |we )?(?:want|wish|intend|plan|need)(?: to)? (?:start|run|launch|begin|train) (?:nothing|anything)\b"
    r"|\b(?:don'?t|do not|not|nothing|without) (?:want |intend |plan |need |like )?(?:to )?(?:yet )?(?:start|begin|launch|run|commission|order)(?:ing)? (?:nothing|anything)?(?: ?yet| at (?:this|the) (?:point|moment)| for now)"
)
"""Words that keep everything from starting."""
_FOR_INFORMATION = re.compile(
    r"\b(?:just|only|merely|purely|simply)(?: a)? (?:question|asking|curious|wondering|want(?:ed)? to (?:know|ask|understand|learn|hear|compare prices)|need to know|wish to know|like to know|collecting info\w*|gathering info\w*|info\w*|inquir\w+|enquir\w+|for (?:my|our) (?:information|understanding|planning)|checking|exploring|(?:shopping|looking|asking) around)\b"
)
"""Words that do so where nothing is ordered outright."""
_OUTRIGHT = re.compile(
    r"^(?:please |then |and |so |now |ok(?:ay)?,? |hi,? |can you )*(?:run|train|fine-?tune|tune|start|launch|use|take|sft|dpo|orpo|rft|grpo|do)\b[^?]*(?:⟦[dm]\d+⟧|classif|\bit\b)"
)
_NOT_STARTED = re.compile(
    r"\b(?:don'?t|do not|please don'?t|not|never) (?:actually )?(?:start|launch|run|train|do|kick off|trigger|begin) (?:it|this|that|them|the job|the run)\b(?! (?:on|with|in|before|until|without))"
)
"""Beside a question: what it speaks of shall not be run."""
_LEAD = r"(?:(?:hi|hello|hey|dear \w+|good (?:morning|evening|afternoon)|quick (?:one|question)|a? ?question|one (?:more )?question|and|so|ok|okay|please|well|also|but|first|roughly|about|just|btw|by the way|out of (?:curiosity|interest)|(?:my|our|the) (?:boss|manager|client|team|cto|lead|customer|wife|colleague)s? (?:asks?|wants? to know|wonders?))[\s,:!.—-]*)*"
_ASKS = re.compile(
    rf"^{_LEAD}(?:(?:what|which|who)(?! (?:i|we) (?:need|want|ask|'d|would|have|plan|am|are)\b)|how|why|when|where|(?:is|are|does|did|has|have|will|would|should|am)(?! (?:to|be|have|not|need|like|stay)\b)|do (?:you|i|we)|any|can (?:i|we|it|qwen|you (?:tell|say|explain|show|list|advise|recommend|give me (?:an|the|a) (?:list|estimate|overview|price)|do|help|also|run|train(?: \w+)? (?:models|vision|images)|handle|support|fine-?tune (?:models|any))|⟦m\d+⟧)|could (?:i|we|you (?:tell|say|explain|list|show))|tell me|explain|list|show|describe|what'?s|estimate|compare the (?:cost|price)|summari[sz]e|give me (?:a|an|the) (?:list|overview|estimate|summary|price|quote)|(?:i|we)(?:'d| would) (?:like|love) to (?:know|understand|ask|see|learn)|(?:i|we) want to (?:know|understand|ask|see|learn)|(?:i|we) (?:only|just) want to (?:know|understand|ask|learn)|i wonder|(?:we(?:'re| are)|i'?m) wondering|wondering|i'?m (?:only |just |not )?asking|i (?:only |just )?ask\b|my question|help me understand|remind me|curious)\b"
)
_SUBJECT = re.compile(
    rf"^{_LEAD}(?:what|which|where|when|how) (?:i|we|it|they|you|he|she)\b[^?]*$|^{_LEAD}(?:what|which|where|when|how)\b[^?]*,[^?]*\b(?:don'?t|do not|not|cannot|can'?t|unsure|open|undecided|decide|choose|tbd|leave|up to|remains|must|nicht|pas)\b[^?]*$"
)
"""A clause that only looks like a question: "what we need is a fine-tune"."""
_TOLD_LATER = re.compile(
    r"\b(?:i|we|he|she|they|anna)(?:'ll| will| can| shall)(?: have to| still| then| just)? (?:tell|say|send|name|decide|let|inform|give|supply|add|post|choose|pick|figure|find out|see|know|hand)\b[^?]*$|\b(?:comes?|follows?|will (?:come|follow|be \w+)) (?:later|soon|tomorrow|next week|by mail|separately|on \w+day)\b[^?]*$"
)
"""A clause that only looks like a question, with its answer promised: "which questions we use, I'll tell you later"."""
_INFORMS = re.compile(
    r"^(?:can|could|would|will) you (?:please |kindly |also |maybe |perhaps |just |briefly )*(?:tell|say|explain|show|list|advise|recommend|help me understand|give (?:me|us) (?:an|the|a|some) (?:\w+ )?(?:list|estimate|overview|price|quote|idea)|clarify|confirm|describe|let (?:me|us) know|estimate|inform|need|be able|mind telling|remind)\b"
)
_CAPABLE = re.compile(
    r"^can you (?:also |actually |even )*(?:do|help(?! me (?:train|fine|with))|run|handle|support|train|fine-?tune)\b(?! (?:me|us|it|this|that|the|my|our|a|an|one)\b)[^⟦]*\?"
)
"""What somebody wants to know about the agent: no dataset, no model, no thing of their own."""
_YOU = re.compile(
    r"^(?:\w+,? )?(?:can|could|would|will) (?:you\b|(?:somebody|someone|anybody|anyone|one of you|the agent|the team) (?:please )?(?:run|train|fine-?tune|tune|start|launch|do|set up|kick|build|classify|benchmark|put)\b)"
)
_TAG = re.compile(r"\b(?:ok|okay|alright|please|thanks|deal|will you|right)\?$")
"""What is hung on an order ("not over $18, ok?") makes it no question."""
_HYPOTHETICAL = re.compile(r"\bif (?:i|we) (?:gave|asked|used|trained|took|had|were|wanted)\b[^?]*\bwould\b[^?]*\?$")
_ORDERS = re.compile(
    r"(?:only|just) benchmark\b|\bbenchmark(?:ing)? only\b|(?:can|could|shall|may) (?:you|we|i) (?:please |also |now |just )*(?:run|do|train|fine-?tune|help|set up|kick off|start|launch|tune)\b.*⟦d"
)
_REQUESTS = re.compile(
    r"\b(?:please|can you|could you|would you|i want|i'd like|i would like|we want|we'd like|we need|let'?s|go ahead|i need you)\b(?: \w+){0,4} (?:to )?(?:run|train|fine-?tune|finetune|tune|start|do|launch|benchmark|build|write|generate|create|teach|make|classify)\b"
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|thanks|thank you|good \w+|cheers|best|regards|dear \w+|many thanks|kind regards|yours \w+)[\w ,!.]{0,25}|\W*[^\W\d_]{2,15}(?: [^\W\d_]{2,15})?\W*"
)
"""A greeting, or a name under a letter: it orders nothing."""
_ACTS = re.compile(
    r"^(?:please |then |and |so |just |let'?s |now |ok(?:ay)?,? )*(?:use|run|train|fine|do|start|launch|take|go|benchmark|compare|write|build|generate|sft|dpo|rft|classif|evaluate|tune|teach|delete|make|keep|set|skip|try|pick|find|collect(?!ing info)|distil|repeat|redo|apply|switch|get|let|learn|optimi[sz]e|give me a model|fire-?act|orpo|grpo|supervised|reinforcement)\w*\b|\b(?:i|we) (?:want|need|would like|'d like|ask for)\b|please|\bshould\b|⟦d\d+⟧|\b(?:sft|dpo|orpo|rft|grpo|fire-?act)\b"
)
_WANTS_TO_KNOW = re.compile(
    r"(?:i|we) (?:only |just )?(?:want|have|need|would like) to (?:know|understand|learn|ask|hear)"
)


def says_nothing_starts(text: str) -> str:
    """The words that keep everything from starting, "" when there are none."""
    found = _NO_START.search(text)
    if not found and (found := _FOR_INFORMATION.search(text)) and any(map(_OUTRIGHT.match, text.split("\n"))):
        return ""
    return found.group() if found else ""


def only_asks(sentences: tuple[str, ...]) -> bool:
    """Whether the sentences hold a question and none of them can be an order."""
    if any(s.endswith("?") for s in sentences) and _NOT_STARTED.search("\n".join(sentences)):
        return True
    asking = [asks(s) for s in sentences]
    if not any(asking):
        return False
    rest = [s for s, a in zip(sentences, asking, strict=True) if not a and not _GREETING.fullmatch(s)]
    return not any(_acts(s) for s in rest)


def asks(sentence: str) -> bool:
    """A sentence that wants to know something; "can you train ...?" wants something done."""
    sentence = sentence.lstrip("¿¡\"'( ")
    if _ORDERS.match(sentence) or _SUBJECT.match(sentence) or _TOLD_LATER.search(sentence):
        return False
    if _INFORMS.match(sentence) or _CAPABLE.match(sentence) or _HYPOTHETICAL.search(sentence):
        return True
    if _YOU.match(sentence):
        return False
    question = sentence.endswith("?") and not _TAG.search(sentence) and not _REQUESTS.search(sentence)
    return question or bool(_ASKS.match(sentence))


def _acts(sentence: str) -> bool:
    """Whether a sentence can be an order: it has a verb of work or one of the trade's words."""
    return bool(_ACTS.search(sentence)) and not _WANTS_TO_KNOW.match(sentence)
