"""The words that take a name back, before it ("instead of ...") and after it ("... is out"); one list for all names."""

from __future__ import annotations

from agent.understanding import patterns as re

_LINK = r"(?:,? ?(?:(?:but |and |because |since |as |though )?(?:that|it|this|which|they)(?: one)? ?)?)"
_BAD = r"(?:out\b|too \w+|no longer|not (?:needed|allowed|an option|wanted|good|enough|necessary|ready|it|right|the right|clean|for)|off\b|overkill|useless|excluded|dropped|cancelled|withdrawn|old\b|outdated|obsolete|broken|stale|wrong|deprecated|corrupt\w*|empty|superseded|buggy|leaking|forbidden|gone|disappointing|weak\b|poor\b|bad\b|slow\b|full of|riddled with|a mess\b|messy|dirty|noisy|incomplete|unusable|terrible|awful|mediocre|meh\b|dumb|no good|nothing special|expensive|overfit\w*)"
_FAILS = r"(?:(?:may|can|must|should|shall) not be(?! (?:worse|less|slower|any|behind|below|more|inferior|bigger|weaker))|(?:can|may|should|must|will|to) be (?:forgotten|dropped|ignored|skipped|left out|removed|excluded|scrapped)|(?:is|are|'s) (?:not|never) (?:to be|allowed|permitted)|leaks?|didn'?t|did not|failed|fails|crashes|isn'?t|doesn'?t|can wait|has to wait|has (?:errors|bugs|duplicates|problems)|(?:may|can|must|should|shall|could) ?not(?! be\b)|cannot|can'?t|mustn'?t|out\b|weglassen|skip\b|not\b(?! only| just| (?:the |a |an )?⟦))"
RIGHT = re.compile(
    rf"^[\"']?\s*(?::|—|=|->|-)\s*(?:too \w+|no(?=\s*(?:[.,;!)]|$))|nope|out\b|rejected|dropped|discarded|excluded|licen[cs]e|overkill|unsuitable|failed|weak|bad|expensive|slow)|^[\"']?\s*\((?:the |an? |that'?s? |is )*(?:old|older|outdated|ignore|obsolete|deprecated|do not use|don'?t use|not this|broken|wrong|superseded|unused)\b|^[\"')]?\s*(?:(?:data ?set|evaluator|model|one|adapter|run|version|thing)(?: (?:from|of) \w+)? )?(?:{_LINK}(?:'s|is|are|was|were|would be|seems|looks|proved|has turned out|turned out)(?: to be)? (?:just |simply |probably |way |far |really |also |much |still |now )*{_BAD}|(?:,? (?:but |and |because |since |as |though )?(?:that|it|this|which)(?: one)? )?{_FAILS})"
)
"""What follows a name that is taken back."""
VERBS = r"(?:not|instead of|rather than|in place of|without|except(?: for)?|excluding|other than|forget(?: about)?|drop(?:ping)?|remove|skip|leav(?:e|ing) out|ignore|disregard|avoid|never|no longer|no more|anything but|nix|ditch|scratch|strike|cancel|exclude|omit|apart from|besides|switch(?:ing)? from)"
"""Words right before a name that is taken back."""
PLANNED = r"\b(?:(?:was|were) (?:going|about|planning|meaning|supposed) to (?:use|train|take|try|run)|(?:wanted|planned|intended|had planned|meant|thought|considered|was thinking)(?: (?:to|of|about))? (?:use|using|train|training|take|taking|try|trying)|first thought of|(?:i'd|i would|we'd|we would|would) have (?:said|taken|used|picked|chosen|liked|preferred|gone (?:with|for))|(?:i|we|he|she|they)(?:'d| had)? (?:first |originally |initially |briefly |also |once |only )*(?:thought (?:of|about)|considered|looked at|leaned towards|w(?:as|ere) leaning towards|w(?:as|ere) tempted by|discussed|eyed|flirted with|debated)|toyed with|(?:first|initial|original|earlier|preferred|other) (?:choice|idea|plan|thought|pick|candidate|favou?rite|preference) (?:was|had been|would have been|were)|had (?:in mind|considered))"
"""Words of a plan that was given up."""
TAKEN_BACK_LATER = re.compile(
    r"^ (?:would|might|could)(?:'ve)? (?:be|have been|do)\b[^⟦.;!?\n]{0,40},? (?:but|though|yet|only)\b|"
    r"^(?:'s?(?: \w+){1,3})? (?:is|was|has|had|are|were|contains|looks|turned|looked|seemed|performed|worked|got|comes|came|does|doesn't|isn't|would|costs|needs|seems|may|might)\b[^⟦\n.!?;]{0,60}[,—-] ?(?:(?:so|and|hence|therefore|please|just|let'?s|we|i'd|then|better|you can|but) )*"
    r"(?:(?:leave|take|kick|throw|cut|pull|strike) (?:it|that(?: one| that)?|this(?: one| that)?) (?:out|off|away)|(?:drop|skip|forget|ditch|scratch|remove|exclude|nix|ignore|avoid|omit|scrap|strike|forget about|without|not) (?:it|that(?: one| that)?|this(?: one| that)?)\b|\w+ (?:vetoed|rejected|blocked|banned|forbade|refused|killed|turned down|ruled out|objected to|won't allow|doesn't allow|dislikes?|hates?) (?:it|that|this)\b|don'?t (?:use|train|take|touch|run) (?:it|that(?: one| that)?|this(?: one| that)?)\b)"
)
"""A statement about a name and, after it in the sentence, that it is to be left out: "X's licence is a problem, so drop it"."""
