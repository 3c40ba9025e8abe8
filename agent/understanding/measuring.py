"""Words that make a dataset the one that only measures: "the held-out set is X", "keep X untouched for the test"."""

from __future__ import annotations

from agent.understanding import patterns as re

_THE = r"(?:the |our |my |your |that |this |a |its |own |separate |untouched |existing |new |nothing but |none other than |only |just |purely |strictly |solely |just |final |independent |blind |(?:hand|human|manually|double|expert|twice|carefully)[- ]?(?:\w+ed|written|drawn|made|picked)? |(?:checked|reviewed|curated|verified|labell?ed|annotated|corrected|clean|cleaned|proofread|frozen|secret|private|official|small|smaller|new|fresh) |a )*"
_NOUN = r"(?:data ?-?sets?|data|set|split|corpus|file called|file|one|sample|samples|prompts|questions|examples|rows|cases|items|half|portion|part|collection|batch|material|records|tickets|slice|bucket|id|name|path)"
_KIND = r"(?:eval(?:uation)?|test(?:ing|s)?|held[-_ ]?out|hold[-_ ]?out|hold[-_ ]?back|gold(?:en)?|validation|valid|dev|benchmark|yardstick|touchstone|ruler|blind|tst|control|acceptance|exam|unseen|check(?:ing)?|measuring|scoring)"
_BE = r"(?:\s*(?:,|:|=|\||->|—)|\s+(?:is|are|called|named|in|lives in|would be|will be|should be|be|sits in|use|i uploaded|already|there|available|ready|prepared|separate|apart|from|take|so far|it'?s|we have|comes from|can be found in|under|we use|goes by|stays|still|also|at|是|为|叫|它叫|:|its name is|has the name))*"
_SCORES = r"(?:eval(?:uate|uated|uation|uating|s)?|test(?:ed|ing|s)?|measure[ds]?|measuring|scored?|scoring|validate[ds]?|validating|assess(?:ed|ing)?|check(?:ed|ing)?|judged?|verify|verified|report|compare[ds]?|rate[ds]?|grade[ds]?|benchmarked|prove[sd]? (?:itself|themselves)|pass(?:es)?|hold up|try (?:it|them) out|run it)"
LEFT = re.compile(
    rf"(?:\b{_KIND}[-_ ]{_NOUN}(?: (?!train|and\b|but\b)[\w'-]+){{1,8}} (?:is|are) (?:called|named)|\b{_KIND}(?:[-_ ]?{_KIND})?[-_ ]?{_NOUN}?[\"'`]?{_BE}"
    rf"|\b{_SCORES}(?: (?:it|them|that|this|everything|the \w+(?: \w+)?|all|only|accuracy|then|both|candidates?|quality|results?|final \w+|afterwards|later|every \w+|each \w+|is|will be|should be|measured|tested|scored|evaluated|happens|done|the|at the end|in the end|finally))*"
    rf" (?:on|against|with|using|over|by|in|at|via|from)"
    rf"|\b{_KIND} (?:on|against|with|is on|using|comes from|from|happens on|over)"
    rf"|\bfor (?:the )?(?:final |later )?(?:{_KIND}|evaluating|scoring|measuring|grading)(?: (?:use|take|we have|there is|there's|please use|we use|i have|you(?:'ll| will)? (?:find|have)|please take|only|purpose\w*|later|at the end|use only|,|:))*"
    rf"|\b(?:scores?|accuracy|performance|results?|numbers|figures|metrics?) (?:are |is |will be |should be |to be )?(?:computed|reported|measured|taken|calculated) (?:on|from|over))"
    rf"\s*[:=]?\s*[\"'(*`]*{_THE}(?:{_KIND} )?(?:{_NOUN} )?(?:called |named )?[\"'`*]*$"
)
_PURPOSE = rf"(?:{_KIND}\b|evaluat\w+|measur\w+|scoring\b|report\w*|judging|grading|exam\b|assessment|comparison|yardstick|ruler|touchstone|reference|final check|quality check|proof)"
RIGHT = re.compile(
    rf"^[\"')`*]*\s*(?:{_NOUN} )?(?:,? (?:that|this|which|it)(?: one)?(?='s| ))? ?(?:\(?(?:'s|as|for|is|are|will be|be|serves as|holds|contains|should be|to be|acts as|being|=|->|=>|only for|is for|just for|is only for|is our|is the|shall be|must be|stays|remains|reserved|reserved for|set aside for|goes to|is used for|used for|is meant for|meant for|strictly for|purely for)\s+)+{_THE}{_PURPOSE}"
    rf"|^[\"'`]?\s*\((?:the |our |my |for |only for |as |is )*{_KIND}"
    rf"|^[\"'`]?\s+(?:only |just |purely |strictly |solely )?to (?:evaluate|test|measure|score|validate|check|judge|grade|assess)\b"
    rf"|^[\"'`]?,? (?:the|our|my|its) (?:separate |final )?{_KIND}(?: (?:set|data|split|one|dataset|file))?\b(?! (?:and|on|is\b|are\b|lives|sits|will|should|comes|set is|=|:))(?!\s*[:=])"
    rf"|^[\"'`]? (?:evaluate|test|measure|assess)[ .,;!]*(?:$|(?:and|with|\.)\b)"
    rf"|^[\"'`]? {_KIND} (?:set|data|split)(?! (?:is|=|:|on))"
    rf"|^[\"'`]?,? (?:(?:only|just|purely|strictly) )?(?:for|as) (?:the )?(?:final |later )?{_PURPOSE}"
)
_KEPT_LEFT = re.compile(
    r"\b(?:keep|hold|leave|skip|put|set|reserve|save|store|park|spare|exclude|withhold|lock|holding|keeping|reserving|leaving)(?: back| aside| out| apart)?\s*[\"'(`]*(?:the |our |my |your |file |set |data ?set |all of )*[\"'`]*$"
)
_KEPT_RIGHT = re.compile(
    r"^[\"')`]*(?: (?:set|file|data ?set|data))?(?:,? (?:is|are|was|stays|remains|must|should|shall|be|stay|remain|to be|strictly|completely|entirely|totally|fully|purely|well|please|only|kept|held|left|put|set|must stay|has to stay))* "
    r"(?:apart|aside|back|out of (?:it|the training|training|this)|untouched|unseen|separate(?:ly)?|away|locked|(?:only |purely |strictly )?for (?:the |our )?(?:final |later )?(?:test|eval|measur|scor|exam|check|judg|grad|valid)\w*)\b"
)
_KEPT_ALONE = re.compile(
    r"^[\"')`]*(?: (?:set|file|data ?set|data))?,?(?: (?:is|are|stays|remains|must|should|shall|be|stay|remain|to be|has to|strictly|completely|entirely|totally|fully|purely|please|only))* "
    r"(?:(?:kept|held|left|put|set) (?:apart|aside|back|out|untouched|separate)|(?:kept|held|saved|reserved|left|stays?|do) (?:only )?for (?:the )?(?:test|eval|measur|scor|exam|check|judg|grad|valid)\w*|held[- ]out(?=\s*(?:$|[.,;)\n]|and\b|until\b|for\b))|untouched|unseen|never (?:be )?(?:trained on|seen|touched|shown)|not (?:be )?(?:trained on|shown to))"
)
_NOT_TRAINED = re.compile(
    r"^[\"')`]*(?: (?:set|file|data ?set|data))?,?(?: (?:and|but|which|that|it|this))* ?(?:is|are|'s|must|may|should|can|shall|will|has|to)? ?(?:not|never|n't|strictly|completely|totally|absolutely)*(?: to)? ?(?:be |stay )?(?:trained on|used (?:for|in) training|(?:be )?part of (?:the )?training|in the training (?:set|data)|learned from|off[- ]limits (?:for|to|in) (?:the )?training|taboo|out of bounds|no training data|(?:nobody|no one|none|nothing|you|we) (?:may|should|must|can|shall|is to|are to)?(?: not| never)? ?(?:be )?(?:train|trains|trained|learns?|tun\w+|fine-?tun\w+)(?: ever)?(?: on| from| with)?(?=\s*(?:$|[.,;:!)]|it\b|them\b|and\b))|not (?:meant )?for training)\b"
)
"""Of a set that shall not be trained on: it measures."""
LATER = re.compile(
    r"^[^⟦.!?\n]{0,25}[;,.—-]\s?(?:please |so |and |but |we |let'?s )*(?:keep|hold|leave|reserve|use|take|save|put|set)(?: aside)? (?:it|that(?: one| that)?|this(?: one| that)?|those|them|the latter)(?: aside| back| out| apart| untouched)? ?(?:only|strictly|purely|just|solely|exclusively|,)* ?(?:for|as) (?:the |our |a )?(?:final |later )?(?:test|eval|measur|scor|exam|check|judg|grad|valid|held|gold)"
)
"""After the name, its role: "...-blind; keep that one strictly for testing"."""


_SOFT_LEFT = re.compile(
    r"\b(?:numbers|scores?|results?|accuracy|performance|figures|metrics?|quality)(?: \w+){0,2} (?:on|for|from|over|with)\s*(?:the |our )?[\"']?$"
    r"|\b(?:how (?:good|well|much better)|(?:see|find out|know|learn|tell) (?:if|whether|how))\b[^⟦]{0,40}\b(?:on|with|use|take|against|from|in)\s*(?:the |our )?[\"']?$"
    r"|\b(?:test|evaluat|measur|scor|check|validat|judg|report|assess)(?:e|es|ed|ing|s)?\b(?![^⟦]*\btrain)[^⟦.;]{0,40}\b(?:on|in|from|with|against)\s*(?:the |our )?[\"']?$"
)
_SOFT_RIGHT = re.compile(
    r"^[^⟦.;]{0,15}\bwhat (?:it|we|they|i|the model)(?:'ll| will|'s| is| are)? (?:then )?(?:be )?(?:measure|test|evaluate|judge|check|score|validate|grade)"
)


def measures_beside(left: str, right: str) -> bool:
    """Whether the words around a second dataset speak of measuring; beside one to train on that is enough."""
    return bool(_SOFT_LEFT.search(left) or _SOFT_RIGHT.search(right))


def measures(left: str, right: str) -> bool:
    """Whether the words after a dataset's name make it the measuring one."""
    if RIGHT.search(right) or _KEPT_ALONE.search(right) or _NOT_TRAINED.search(right) or LATER.search(right):
        return True
    return bool(_KEPT_LEFT.search(left) and _KEPT_RIGHT.search(right))
