"""Reading the sum of money that limits this run; past bills, prices per hour and other people's money do not."""

from __future__ import annotations

from agent.understanding import patterns as re

_N = r"\d+(?:\.\d+)?"
_USD = r"(?:usd\b|us[ -]?dollars?\b|u\.s\. ?dollars?\b|dollars?\b|bucks?\b|us\$|\$(?!\d))"
_MONEY = re.compile(
    rf"(?:us\$|\$|\busd|\bus dollars|\bdollars)\s?(?P<a>{_N})(?P<k>k\b)?(?! ?(?:gpus?|jobs?|epochs?)\b)|(?<![\w.])(?P<b>{_N})[ -]?{_USD}"
)
_CLAUSE_LEFT = re.compile(
    r"(?<!\best)(?<!\bca)(?<!approx)(?<!\bmax)(?<!\bmin)(?<!\bincl)[.;!?\n]\s|\n|\(|\)|\s—\s|,? \b(?:but|while|whereas|although|though|because)\b|, (?=(?:this time|now|so)\b)"
)
_CLAUSE_RIGHT = re.compile(r"[.;!?\n](?:\s|$)|\n|\(|\)|\s—\s|,? \b(?:but|while|whereas|although|though)\b")
_COMMA = re.compile(r",\s|\band\b|\s/\s|\s\|\s")
_LIMITS = re.compile(
    r"\b(?:budget\w*|cap(?:ped|s)?|ceiling|limit\w*|at most|max(?:imum|imal)?|no more than|not more than|nothing more than|up to|under|below|less than|within|exceed\w*|over|above|spend\w*|tops|cheaper than|keep|stay|remain|"
    r"go(?:es|ing)? past|beyond|available|have|has|got|gave|gives?|given|granted|grants?|released?|costs? (?:more|less|me|us|at)|shell out|fork out|willing|prepared to|happy to|ready to|shall cost|should cost|may cost|must cost|can cost|approve[ds]?|allow\w*|only|afford\w*|total\w*|all[- ]in|pay(?: up to)?|past|"
    r"stop (?:at|once|when|before)|pull the plug|cut ?off|cut it off|hard stop|set aside|put aside|earmark\w*|allott?\w*|allocat\w*|assign\w*|money|purse|pot|envelope|expenses?|wallet|not a (?:cent|penny|dime) more|higher than|more than|most|invest|burn through|blow|"
    r"for (?:this|it|the) ?(?:one|job|run|project|experiment|training|time|whole thing|lot)?|all (?:i|we) have|enough|suffices?|cost(?:s|ing)?|price[- ]?(?:tag|cap|limit)?|financ\w*|threshold|room for|spare)\b|<=?|≤"
)
_PER_UNIT = re.compile(
    r"^(?:[^,]{0,12})?(?:\bper (?:hour|month|week|day|year|million|1m|token|gpu|call|request|seat|user|head|1k|row|sample|annotat\w+)|/ ?(?:h|hr|hour|month|mo|m tokens|1m|day|week|yr|year)\b|\b(?:a|each|every) (?:month|week|day|year|quarter|hour)|\bmonthly|\ban hour|\bweekly|\bhourly|\byearly|\bannual\w*|\bpro (?:monat|stunde|jahr|woche)|\bpar (?:mois|heure|an)|\b(?:al|por) (?:mes|hora|año)|\bthis year|\bof (?:revenue|savings))"
)
_RECURRING = re.compile(
    r"\b(?:monthly|weekly|yearly|annual\w*|quarterly|daily|per (?:month|year|week|quarter|hour)|(?:each|every) (?:month|year|week|quarter)|for the (?:whole |entire )?(?:year|quarter|half-?year|month|department|semester)|(?:team|department|company|overall|group) (?:budget|monthly|limit)|a (?:month|year|week)|half-?year)\b"
)
_THIS_RUN = re.compile(
    r"\b(?:for (?:this|it\b|the (?:run|job|training|whole thing))|this (?:run|job|one|time|project|training|experiment)|of (?:which|that|this)|from (?:it|that|this)|out of)\b"
)
_SPENT = re.compile(
    r"\b(?:cost (?:us|me|them|him|her)|costs us|costed|paid|paying|spent|burn(?:ed|t)|wasted|blew|bill(?:s|ed)?\b|invoices?|charged|used to|had cost|came to|ran to|ran up|went up to|amounted to|added up to|salary|salaries|revenue|turnover|prices?d?(?: of| at)|saves?|saving|worth|fine of|refund\w*|sold|sells?|earn\w*|win|prize|quot(?:e|ed|ation)|offer(?:ed|s)?|angebot|charges?|asks? for|demand\w*|wanted|last (?:time|month|week|year|quarter|run|round|spring|summer|autumn|winter|sprint)|previous(?:ly)?|yesterday|back then|in (?:january|february|march|april|may|june|july|august|september|october|november|december|20\d\d|q[1-4])|ago|amounts?(?: (?:like|of|such as))?|like|such as|e\.g\.?|est\.?(?:imated?)?(?: (?:at|cost|costs))?:?|estimates?|estimated?|roughly estimated at|would be around|guess(?:ed)?|already (?:used|gone|spent)|(?:old|first|earlier|prior|other) (?:run|job|attempt|project|vendor|budget)|competitor\w*|vendor|customers? (?:pay|spend)|(?:was|were|had been) (?:only |about |around )?)\s*$"
)
_SPENT_NEAR = re.compile(
    r"\b(?:cost us|costs us|cost me|paid|spent|burn(?:ed|t)|wasted|blew|bill|invoice|charged|used to cost|had cost|came to|ran up|salary|revenue|priced|saves?|worth|refund|quoted|quotation|last (?:time|month|week|year|quarter|run|round|spring|summer|autumn|winter)|previously|yesterday|back then|(?:old|earlier|prior) (?:run|job|attempt))\b"
)
_GONE = re.compile(
    r"^[^,.;]{0,25}\b(?:went (?:up|down|into|for)|(?:is|are|was|were) (?:already )?(?:gone|spent|burned|wasted|paid|written off)|we (?:burned|spent|paid|wasted|lost|blew)|i (?:burned|spent|paid|wasted)|last (?:time|month|year|week|quarter)|in (?:20\d\d|q[1-4])|ago|yesterday|already spent|up in smoke|down the drain|(?:vouchers?|coupons?|gift cards?|items?|products?|orders?|refunds?|claims?|invoices?|payments?|transactions?|deposit|worth|salary|profit|revenue))\b"
)
_CONDITION = re.compile(
    r"\b(?:once|when|if|until|as soon as|before|should) (?:\w+ ){0,4}(?:spent|cost\w*|burned|used|reached|hits?|bill\w*)(?: (?:more than|over|about|above))?\s*$"
    r"|\b(?:not|no|nothing|don'?t|never|rather not|won'?t|without)\b[^.;\n]{0,40}\b(?:bill|invoice|charged?|pay|spend|cost)\b[^.;\n]{0,15}\b(?:above|over|beyond|more than|higher than|past)\s*$"
)
"""A sum at which it has to end, though its words could be those of a bill."""
_PRICE = re.compile(
    r"(?<!may )(?<!can )(?<!should )(?<!must )(?<!shall )(?<!not )(?<!could )(?<!to )\bcosts?(?: (?:about|around|only|roughly|us))*\s*$"
)
"""What something cost or costs, not what it may cost."""
_LIFTED = re.compile(
    r"\b(?:no|without|forget|ignore|drop|remove|lift\w*|scrap|cancel|unlimited|don'?t (?:mind|worry about|care about)|never mind)(?: (?:about|the|a|any|my|our|that))* (?:budget|spending|cost|money|price|dollar)[ -]?(?:limit|cap|ceiling|budget|constraint)?\b(?! (?:to|of|at|is|for|under|below|over|above|\$?\d))|\b(?:budget|limit|cap|ceiling|money|cost)s? (?:is|was|are|has been|got) (?:gone|off|lifted|removed|dropped|no (?:issue|object|concern|problem)|not an issue|cancelled|unlimited)\b|\bno (?:dollar |upper )?(?:limit|cap|ceiling)(?: after all| any ?more)?(?=\s*(?:$|[.,;!\n]))"
)
_JOINS = re.compile(r",? ?(?:and|or|to|-|/|,) ?")
_PART_OF_IT = re.compile(
    rf"(?P<sum>(?:\$ ?{_N}|{_N} ?{_USD})(?:(?!rows|samples|examples|pairs|records|lines|data)[^\n$]){{0,80}}?)\b(?:use|take|spend|cost|have|get|consume|eat|burn) (?:up to |at most |only |no more than |about )*(?P<n>{_N}) of (?:it|that|this|them|those|these|which)\b"
    rf"|\bthis (?:run|job|one|experiment|project|training)(?: \w+)? (?:may|can|should|shall|must) (?:use|take|spend|cost|have|get|eat) (?:up to |at most |only |no more than |about )*(?P<run>{_N})(?=\s*(?:$|[.,;!)\n]))"
)
"""A share of a sum named before: "the account holds $600, this may use 110 of it"."""
_OF_MONEY = re.compile(r"\$|\b(?:usd|dollars?|bucks|money|budget|finance|grant|funds)\b")
_FEW = 5
"""Words of a clause that is hardly more than a sum."""


def read_budget(text: str) -> float | None:
    """The last sum in US dollars that limits this run; None where the text sets none or takes it back.

    `text` is lower case with plain numbers, without what is withdrawn ("$20 instead of $30").
    """
    text = with_shares(text)
    value: float | None = None
    at = refused = 0
    for match in _MONEY.finditer(text):
        if _JOINS.fullmatch(text, refused, match.start()) or not _limits(text, match, value is not None):
            refused = match.end()
        else:
            value = float(match["a"] or match["b"]) * (1000 if match["k"] else 1)
            at = match.end()
    return None if value is not None and lifts_budget(text, at) else value


def with_shares(text: str) -> str:
    """The text with its bare share of a sum as money: "may use 110 of it" is "use up to $110 for this run"."""
    if not _OF_MONEY.search(text):
        return text
    return _PART_OF_IT.sub(lambda m: f"{m['sum'] or ''}use up to ${m['n'] or m['run']} for this run", text)


def lifts_budget(text: str, after: int = 0) -> bool:
    """Whether the text says, after a place in it, that there is no limit of money."""
    return bool(_LIFTED.search(text, after))


def _limits(text: str, match: re.Match[str], corrects: bool) -> bool:
    """Whether a sum is a limit: words of its clause say so, it stands alone, or it `corrects` a limit named before."""
    left = _CLAUSE_LEFT.split(text[max(0, match.start() - 90) : match.start()])[-1]
    right = _CLAUSE_RIGHT.split(text[match.end() : match.end() + 60])[0]
    near = re.split(r",\s", left)[-1]
    if _PER_UNIT.search(right[:28]) or _GONE.search(right) or re.search(r"\bper \w+\W*$", left):
        return False
    if _CONDITION.search(left):
        return True
    if _SPENT.search(left) or (_SPENT_NEAR.search(near) and not re.search(r"\b(?:now|this time|today)\b", near)):
        return False
    if _PRICE.search(left) and not _LIMITS.search(right[:40]):
        return False
    if (_RECURRING.search(near) or _RECURRING.search(right[:30])) and not _THIS_RUN.search(near + right[:30]):
        return False
    if corrects or _LIMITS.search(left) or _LIMITS.search(right[:40]):
        return True
    alone = _COMMA.split(left)[-1] + " " + _COMMA.split(right)[0]
    return len(re.findall(r"\w+", alone)) <= _FEW
