"""Reading the limits and the shape of a run: money, jobs at once, samples, split, what to skip, whether to deploy."""

from __future__ import annotations

from agent.understanding import patterns as re
from agent.understanding.budget import read_budget, with_shares

_N = r"\d+(?:\.\d+)?"
_PARALLEL = tuple(
    re.compile(p)
    for p in (
        r"(?<![\w.$])(?P<n>\d+)(?:-way)? (?:of (?:the |these )?)?(?:training |concurrent |parallel |active |simultaneous |fine-tuning |running |tuning |gpu )*(?:jobs?|runs?|trainings?|candidates?|workers?|slots?|experiments?|models?|things?|them)? ?(?:running |active |going |allowed |to run |on |train |trained |may |can |could |should |shall |run |be |go )*(?:in parallel|at once|at a time|at the same time|concurrently|simultaneously|parallel|side by side|at any (?:one )?time|in flight)",
        r"(?<![\w.$])(?P<n>\d+)(?:-way)? (?:training |fine-tuning )?(?:parallel|concurrent|simultaneous|active)(?: (?:training |fine-tuning )?(?:jobs?|runs?|trainings?))?\b",
        r"\b(?:parallel(?:ism)?|concurren(?:t|cy)|in parallel|max[ _]parallel(?:[ _]jobs)?|simultaneous|at once|at a time|same time)(?: training)?(?: jobs?| runs?)?(?: limit| cap)?(?:\s*(?:=|:|to|of|at|is|at most|max(?:imum)?|up to|limited to|only|no more than|are|be|under|stay|more than|not|runs?|<=?|≤|<))* ?(?P<n>\d+)\b(?! ?(?:epochs|samples|usd|dollars|%))",
        r"\b(?:cap|limit|max(?:imum)?|at most|no more than|up to|never more than|not more than|more than)(?: of| to| is|:)? (?P<n>\d+) (?:training |fine-tuning |active |running )?jobs?\b",
        r"(?<![\w.$])(?P<n>\d+) (?:training |fine-tuning )?(?:jobs?|runs?|trainings?) (?:max(?:imum)?|tops|at most|at the most|or fewer|limit)\b",
        r"\bmax(?:imum)?[ _](?:parallel[ _]|concurrent[ _]|simultaneous[ _])?(?:jobs?|runs?|trainings?)\s*[:=]?\s*(?P<n>\d+)\b",
        r"\b(?:jobs|concurrency|workers)\s*[:=]\s*(?P<n>\d+)\b",
        r"\bjobs?(?: running)? (?:to|at|limit|cap)(?: of| at| to|:)? (?P<n>\d+)\b",
    )
)
_SEQUENTIAL = re.compile(
    r"\b(?:jobs?|runs?|trainings?|candidates?|everything|them|it)?\s?(?:strictly )?(?:(?:one|1) (?:after (?:the other|another)|by (?:one|1|that))|sequentially|strictly serial|in sequence)\b"
)
_SAMPLE = r"(?:of (?:them|those|these|it)\b|(?:random |training |of the |of my |of our |the )*(?:samples?|examples?|rows?|records?|lines?|items?|conversations?|tickets?|pairs?|prompts?|datapoints?|data points))"
_TUNING = r"(?:hp|hps|hp tuning|tune|tuned|hpo|hyper-?param\w*|tuning|sweep\w*|search\w*|candidates?|grid|sweeping|trials?|selection|experiments?|settings)"
_SUBSAMPLE = tuple(
    re.compile(p)
    for p in (
        rf"(?<![\w.$])(?P<n>\d+)[ -]{_SAMPLE}(?: \w+){{0,3}} (?:for|in|during|to do|while|when)(?: \w+){{0,3}} {_TUNING}\b",
        rf"\b{_TUNING}\b(?: \w+){{0,5}} (?:on|with|to|over|use|uses|using|at|see|from|at most|:)(?: \w+){{0,4}} (?P<n>\d+)(?: |-){_SAMPLE}",
        r"\bsub-?sampl(?:e|es|ing|ed)(?: \w+){0,6}? ?(?:=|:)? ?(?P<n>\d+)\b(?! ?%)",
        rf"(?<![\w.$])(?P<n>\d+)[ -]?(?:{_SAMPLE})? ?(?:sub-?samples?|subset)",
        rf"\b(?:sample|subset)(?: of| to)?(?: about| around| only| just)? (?P<n>\d+)(?: {_SAMPLE})?(?: \w+){{0,4}} {_TUNING}\b",
        rf"\b(?:for|in|during)(?: the| my| our)?(?: \w+)? {_TUNING}\b(?: \w+)?,?(?: \w+){{0,5}} (?P<n>\d+) {_SAMPLE}",
        rf"\b{_TUNING} (?:sample|subset)(?: size)?(?:\s*(?:=|:|of|to|is|at))* (?P<n>\d+)\b",
        rf"\b{_TUNING}\b[^.;\n\d]{{0,40}}?(?<![\w.$])(?P<n>\d+) [a-z]+ (?:is|are|would be|will be) (?:enough|plenty|fine|sufficient|ok|okay)",
        rf"\b{_SAMPLE}(?: \w+){{0,3}} (?:for|in|during)(?: \w+){{0,3}} {_TUNING}\b(?:\s*(?:=|:|of|to|is|at|be|set))* (?P<n>\d+)\b(?! ?%)",
        rf"(?<![\w.$])(?P<n>\d+)(?: {_SAMPLE})? (?:is|are) (?:enough|plenty|sufficient|fine) for(?: \w+){{0,3}} {_TUNING}",
        rf"(?<![\w.$])(?P<n>\d+) (?:(?:random|of these|of the|of our) )?(?!jobs|runs|epochs|dollars|bucks|ranks|hours|days|candidates|values|percent|gpus|models|labels|rates|minutes|trials|settings|combinations)(?:[a-z]+s|of them|of those)? ?(?:for|in) (?:the )?{_TUNING}\b(?! on)",
        rf"\b(?:for|in|during) (?:the )?{_TUNING}\b,? (?:we |i )?(?:only|just|use|take|about|at most|no more than)(?: only| just)? (?P<n>\d+)(?: of (?:them|it|those|these))?(?! ?(?:gpus?|jobs?|epochs?|models?|dollars|%|percent))",
        rf"\b{_TUNING}\b(?: the| my)?(?: \w+)? (?:on|with) (?:only |just |a random )*(?P<n>\d+)(?! ?(?:gpus?|jobs?|epochs?|models?|dollars|ranks?|learning|config\w*|candidates?|%|percent|/|e-|\.\d))\b",
    )
)
_NO = r"(?:skip(?:ping)?|no|without|omit|(?:do not|don'?t|not|no need to|needn'?t)(?: \w+){0,3} (?:do|run|need|want|bother with|start|perform|use)|do not|don'?t|leav(?:e|ing) (?:out|off|away)|forget|drop|not|save (?:us|me|yourself)|spare (?:us|me)|never mind|cut|bypass|kill|cancel|scrap|ditch|there(?:'s| is) no need for|no need for)"
_ANY = r"(?: (?:the|any|a|an|that|this|your|whole|entire|kind of|sort of|on|expensive|about|with))*"
_FINAL = r"(?:(?:full[- ]?data(?:set)?|full|final|last|big|complete|closing|concluding|finishing|subsequent|extra|additional|winner'?s?) )*(?:(?:final|full|full-data|full data) (?:run|training|retrain\w*|re-train\w*|train|pass|round|fit|job|durchlauf|lauf)|retrain\w*|full-data final run|full-data)"
_SKIP_FINAL = tuple(
    re.compile(p)
    for p in (
        r"\b(?:stop|end|finish|halt) (?:right |directly |straight )?(?:after|with) the (?:sweep|search|tuning|candidates|hp tuning|grid)\b|\b(?:only|just) (?:do |run |want )?the (?:hp |hyperparameter )?(?:sweep|search)\b(?! on| with| over)|\b(?:sweep-only|search-only|sweep only)\b",
        rf"\b{_NO}{_ANY} {_FINAL}|\b(?:leave|take|cut|drop) (?:the |any )?{_FINAL}(?: on (?:all|the full|full) data)? (?:out|off|away)\b",
        rf"\b{_FINAL}\s*[:=]\s*(?:no|none|off|false|skip(?:ped)?|0)\b",
        rf"\b{_FINAL}(?: \w+){{0,4}} (?:skip\b|skipped|not needed|unnecessary|can be skipped|is off|weglassen|not)",
        rf"\b{_FINAL}[^.;\n]{{0,40}}(?:\b(?:can|may|could) (?:you|be)(?: just| simply| safely)? (?:skip|skipped|omit|omitted|left out|dropped)|\b(?:isn'?t|is not|not|won'?t be|aren'?t)(?: really)? (?:needed|necessary|required|wanted)|(?<=data )not needed|\b(?:we|i|you) (?:can |could )?(?:skip|do without|don'?t (?:need|want))|\bis (?:superfluous|unnecessary|pointless))\b",
        r"\bdeploy (?:the )?(?:winning candidate|winner|best candidate|winning config\w*|sweep winner|best one|that)(?: of the sweep| from the sweep)? (?:directly|as is|as it is|straight|right away|immediately|without retrain\w*)",
        r"\b(?:do not|don'?t|no need to|not) (?:re-?train|train again|train it again)\b(?: \w+){0,3}(?: on)?(?: \w+){0,3} (?:full|all|whole|complete|entire|winner|winning|everything)",
    )
)
_HP = r"(?:(?:hp|hps|hpo|hyper-?param\w*|hyper param\w*|parameter|grid|lora|config\w*|candidate|tuning)[ -])?(?:tuning|sweeps?|sweeping|search\w*|optimi[sz]ation|grid search|candidate search|grid|hpo|experiments)"
_SKIP_SWEEP = tuple(
    re.compile(p)
    for p in (
        rf"\b{_NO}{_ANY} {_HP}\b(?!\s*(?:(?:over|of|across|the|several|multiple|different|all|any|other|on|more)\s)*(?:base )?models?\b)",
        r"\b(?:do not|don'?t|no|without|never|skip)(?: \w+)? (?:tune|tuning|sweep|sweeping|optimi[sz]e|search|optimi[sz]ing)(?: \w+)? (?:any )?(?:hyper-?param\w*|hps?|parameters)",
        rf"\b(?:leave|take|cut) (?:the |any )?{_HP}(?: \w+){{0,2}} (?:out|off|away)\b",
        rf"\b{_HP}\s*[:=]\s*(?:off|no|none|false|skip(?:ped)?|0|disabled)\b",
        rf"\b{_NO}(?: \w+){{0,2}} (?:search|look|hunt|fish)\w* for (?:the |any )?(?:best |better |other |good |optimal )?(?:settings|parameters|hyper\w*|config\w*|values)",
        r"\bhyper-?param\w*(?: \w+){0,3} (?:not|skip\b|skipped)",
        rf"\b(?:hp |hyperparameter ){_HP} (?:is )?(?:not|skip|off|unnecessary|skipped|not needed)",
        r"\b(?:go |jump )?(?:straight|directly|right) to (?:the )?(?:full|final)[- ](?:data )?(?:run|training)",
    )
)
_FRACTIONS = {"quarter": 0.25, "fifth": 0.2, "tenth": 0.1, "10th": 0.1, "half": 0.5, "eighth": 0.125, "20th": 0.05}
_TESTY = (
    r"(?:test\w*|eval\w*|held[- ]?out|hold[- ]?out|validat\w*|holding out|hold back|h[eo]ld back|measur\w+|check\w*)"
)
_RATIO = re.compile(
    r"(?<![\w./])(?P<a>\d{1,2})(?: ?%)? ?(?:/|:|-|to|vs\.?|and|, | ) ?(?P<b>\d{1,2})(?: ?%)?(?!\.?\w|/|:1)"
)
_USUAL_SPLITS = frozenset({"70/30", "80/20", "90/10", "75/25", "85/15", "95/5", "60/40"})
_HOLD = re.compile(
    r"\b(?:hold(?:ing)?(?: out| back)?|keep(?:ing)?|reserv(?:e|ing)|set(?:ting)? aside|put(?:ting)? aside|save|leave|leaving|carve out|take out|withhold|use|with|split off)(?: \w+){0,3}? (?P<p>\d+(?:\.\d+)?) ?(?:%|percent)(?P<after>[^.;]{0,40})"
)
_FOR_TEST = re.compile(
    rf"(?P<p>\d+(?:\.\d+)?) ?(?:%|percent)(?:(?: of)? (?:it|the \w+|my \w+|our \w+|them|all \w+))?(?: please)? (?:for|as|to|in|into|goes to|is|held|test|out|aside|stays?)(?: \w+){{0,2}}? ?{_TESTY}"
)
_HELD = re.compile(
    r"(?P<p>\d+(?:\.\d+)?) ?(?:%|percent)(?:(?: of)? (?:it|them|(?:the|my|our|all) \w+))?(?: (?:is|are|be|should be|to be|gets?|please|must be))* (?:held|hold|kept|set|put|left|keep|hold|reserved|withheld|carved)(?:[- ](?:out|back|aside|off))?\b(?! for train)"
)
_FOR_TRAIN = re.compile(
    r"(?P<p>\d+(?:\.\d+)?) ?(?:%|percent)(?: of (?:it|the \w+|my \w+|our \w+|them))?(?: for| as| to| goes to)? (?:the )?train(?:ing)?\b(?! (?:accuracy|loss|set accuracy))|train(?:ing)? (?:fraction|split|share|portion|ratio|part)(?: of| =|=|:| to| is| at)* ?(?:(?P<f>0?\.\d+)|(?P<s>\d+(?:\.\d+)?) ?(?:%|percent))|\btrain on (?P<q>\d+(?:\.\d+)?) ?(?:%|percent)"
)
_TEST_SIZE = re.compile(
    rf"\b(?:held|hold)[- ]?out(?: set| split)?(?: of| =|=|:| to| is)* ?(?P<h>\d+) ?(?:%|percent)|\b{_TESTY}[ _](?:fraction|size|split|share|portion|ratio|set)(?: of| =|=|:| to| is)* ?(?:(?P<f>0?\.\d+)|(?P<p>\d+) ?(?:%|percent))"
)
_SHARE = rf"(?P<w>{'|'.join(['quarter', 'fifth', 'tenth', '10th', 'eighth', '20th', 'half'])})s?"
_PART = re.compile(
    rf"\b(?:hold out|hold back|set aside|put aside|keep|reserve|leave|carve out|split off|put)(?: (?:back|out|aside|about|just|only))? (?P<k>a|an|one|[1-9]) {_SHARE}\b(?P<after>[^.;,\n]{{0,40}})"
    rf"|\b(?P<k2>a|an|one|[1-9]) {_SHARE.replace('<w>', '<v>')}(?: of (?:\w+ ?){{1,3}}?)?(?:,? (?:is |are |goes |go |should be |shall be |stays |kept |held )*(?:for|as|to|into|out|aside|back|held)) ?(?:the |my |our )?(?P<what>\w*)"
)
"""A share in words: "one tenth aside for testing", "three quarters of the rows for training"."""
_IMBALANCE = tuple(
    re.compile(p)
    for p in (
        rf"\b(?:imbalance|imbalanced|ratio)(?:[ _-](?:ratio|threshold|limit|warning|level|flag|check))*[\"']?(?:\s*(?:of|to|=|:|at|is|above|over|should be|set to|beyond|exceeds|from|starting at|as|when|it|the|threshold|more than|up to|on|worse than))* (?P<n>{_N})(?: ?(?:: ?1|to 1|x))?(?! ?%|\w)",
        rf"\bthreshold(?:\s*(?:of|to|=|:|at|is))* (?P<n>{_N})(?: ?(?:: ?1|to 1|x))?(?= (?:for|on) (?:the )?(?:class )?imbalance)",
        rf"(?:^|[\n,;] ?)threshold\s*[:=]\s*(?P<n>{_N})\b",
        rf"\b(?P<n>{_N}) ?(?:: ?1|to 1|x|times)?(?: as)?(?: the)? (?:imbalance|class imbalance|as imbalance)",
        rf"\b(?:flag|report|warn|alert|complain|tell me|shout)\b[^.;]{{0,60}}?(?P<n>{_N}) ?(?:: ?1|to 1|x\b|times)",
        rf"(?<![\w.])(?P<n>{_N}) ?(?:: ?1\b|to 1\b)(?! epoch)",
    )
)
_DEPLOY = r"(?:deploy\w*|dep\b|go(?:ing)? live|endpoint|serv(?:e|ing)\b|put (?:it|the model|anything) (?:live|online|into production)|hosting|roll ?out|push(?:ing)? (?:it )?to prod\w*|host it)"
_NO_DEPLOY = tuple(
    re.compile(p)
    for p in (
        rf"\b(?:don'?t|do not|no|without|skip|not|never|hold off|postpone|no need to|needn'?t|won'?t|shouldn'?t|stop before|refrain from|instead of|leave out|nothing|cancel|scrap|drop|kill)(?: (?!forget|only|until|worry|and\b|but\b|then\b)\w+){{0,4}} (?:the |any |a |an |to |on )*{_DEPLOY}",
        rf"\b{_DEPLOY}(?: \w+){{0,3}} (?:(?:isn'?t|is not|not|won'?t be|will not be) (?:needed|required|necessary|wanted|yet|now)|later|can wait|myself|ourselves|separately|another day|tomorrow|next week|skip\b|not\b)",
        rf"\b(?:i|we|i'll|we'll)(?:'ll| will| can| want to)? {_DEPLOY}(?: it| that| the model| the winner)? (?:later|myself|ourselves|by hand|manually|on my own|on our own|when)",
        r"\bdeploy(?:ment)? (?:no|false|none|off)(?=\s*(?:$|[.,;\n]))|\bdeploy(?:ment)?\s*[:=]\s*(?:no|false|none|off|later|not)\b",
        rf"\b{_DEPLOY}\W* (?:is|are|gets?|will be|shall be|should be|must be|may be|wird) (?:\w+ ){{0,3}}(?:nothing|not)\b|\bnothing (?:\w+ ){{0,4}}{_DEPLOY}|\b{_DEPLOY} nothing\b|\bleave (?:the )?{_DEPLOY}(?: \w+)? (?:to|with) (?:us|me|them|our|the)\b|\b{_DEPLOY}(?: \w+){{0,2}} (?:is|stays|remains) (?:on|with) (?:us|me|our|my)\b",
        rf"\b{_DEPLOY}[^.;\n]{{0,30}}\b(?:we|i|he|she|they|somebody else|the \w+)(?:'ll| will| can| want to| would)? (?:\w+ )?(?:do|does|decide|decides|handle|handles|see|discuss|take care|takes care|talk)\b[^.;\n]{{0,30}}\b(?:later|ourselves|myself|after|then|separately|another|when|once|in|leave it out)\b",
        rf"\b{_DEPLOY}[^.;\n]{{0,60}}\b(?:leave (?:it|that) out|not now|not yet|not this time|please not|later on)\b",
        r"\bundeployed\b|\b(?:leave|keep) (?:it|that|them|this|the \w+) (?:offline|un-deployed|off ?line|off the (?:server|endpoint))",
        rf"\b(?:report|numbers|metrics|results|weights|adapter|checkpoint|figures) only,? (?:no|without|not) {_DEPLOY}",
    )
)
_YES_DEPLOY = re.compile(
    r"\bdeploy\w*(?: \w+){0,2} (?:is |would be |can be )?(?:ok(?:ay)?|fine|allowed|welcome|good) ?(?:after all|now|again)?|\b(?:you (?:can|may)|please do|do|go ahead and) deploy|\b(?:actually|no,? wait|on second thoughts?)\b[^.;]{0,20}\bdo deploy\b|\bdeploy it after all\b|\b(?:does|do|did) want (?:it|that|the \w+) (?:\w+ )?deployed\b|(?<!n't )(?<!not )(?<!never )(?<!dont )\bwants? (?:it|that|the \w+) deployed\b|\bdeploy(?:ed|ment)?(?: it| that)?,? (?:after all|at the end (?:too|as well|after all|anyway))\b|\b(?:edit|update|correction|no,? wait|on second thoughts?|changed my mind)\b[^\n]{0,80}\b(?<!not )(?<!don't )(?<!no )deploy(?:ed)?(?: it| that)? (?:at the end|when|once|too|as well)"
)
_NOT_UNTIL = re.compile(r"\bdon'?t forget to deploy")
_ON_ALL = re.compile(
    r"\btrain(?:ing)? (?:the final model |it |finally )?(?:also )?on (?:the test (?:rows|set|data|split) too|all (?:the )?(?:rows|data),? (?:including|also) (?:the )?test)|\bno (?:held[- ]?out|test) (?:split|set) at all\b|\binclude the test (?:rows|set|data) in (?:the )?(?:final )?training"
)

_OF_JOBS = re.compile(r"parallel|concurr|simultan|at once|at a time|same time|side by side|one time|in flight|job")
_OF_TUNING = re.compile(
    r"hp|hyper|tun|sweep|search|candidate|grid|trial|selection|experiment|setting|sampl|subset|look|hunt|final"
)
_OF_FINAL = re.compile(r"final|full|train|run|pass|sweep|search|candidate|winn|best one|that|deploy")
_OF_DEPLOYMENT = re.compile(r"dep|live|endpoint|serv|online|production|hosting|roll|prod|host|offline|off")
"""Without one of these words a text says nothing of the kind; one cheap search instead of many."""


def read_limits(text: str) -> dict[str, object]:
    """The slots of money, parallel jobs, samples, split, imbalance, skipping and deployment that a text sets."""
    text = with_shares(text)
    found: dict[str, object] = {
        "budget_usd": read_budget(text),
        "max_parallel_jobs": _last(text, _PARALLEL) if _OF_JOBS.search(text) else None,
        "subsample": _last(text, _SUBSAMPLE) if _OF_TUNING.search(text) else None,
        "train_fraction": _train_fraction(text),
        "skip_final_run": bool(_OF_FINAL.search(text)) and any(p.search(text) for p in _SKIP_FINAL),
        "skip_sweep": bool(_OF_TUNING.search(text)) and any(p.search(text) for p in _SKIP_SWEEP),
        "train_on_all": bool(_ON_ALL.search(text)),
    }
    if found["max_parallel_jobs"] is None and _SEQUENTIAL.search(text):
        found["max_parallel_jobs"] = 1
    if declines_deployment(text):
        found["deploy"] = False
    return {
        slot: value for slot, value in found.items() if value is not None and (value is not False or slot == "deploy")
    }


def declines_deployment(text: str) -> bool:
    """Whether the text says that the result shall not be deployed, or not now."""
    if not _OF_DEPLOYMENT.search(text):
        return False
    text = _NOT_UNTIL.sub("", text)
    refused = max((m.end() for p in _NO_DEPLOY for m in p.finditer(text)), default=-1)
    allowed = max((m.end() for m in _YES_DEPLOY.finditer(text)), default=-1)
    return refused > allowed


def read_imbalance(text: str) -> float | None:
    """The imbalance threshold, most over least frequent label (20:1 is 20.0)."""
    for pattern in _IMBALANCE:
        if found := list(pattern.finditer(text)):
            return float(found[-1]["n"])
    return None


def _last(text: str, patterns: tuple[re.Pattern[str], ...]) -> int | None:
    places = [(m.start("n"), int(m["n"])) for p in patterns for m in p.finditer(text) if int(m["n"]) > 0]
    return max(places)[1] if places else None


def _train_fraction(text: str) -> float | None:
    for match in reversed(list(_RATIO.finditer(text))):
        a, b = int(match["a"]), int(match["b"])
        near = text[max(0, match.start() - 40) : match.end() + 40]
        if a + b == 100 and (
            match.group().replace(" ", "") in _USUAL_SPLITS or re.search(r"split|train|test|eval|hold|divid", near)
        ):
            return max(a, b) / 100 if not re.search(r"test/train|test and train", near) else b / 100
    if found := _TEST_SIZE.search(text):
        return _rest(float(found["f"]) if found["f"] else float(found["p"] or found["h"]) / 100)
    if found := _FOR_TRAIN.search(text):
        return float(found["f"]) if found["f"] else float(found["p"] or found["q"] or found["s"]) / 100
    if found := _FOR_TEST.search(text):
        return _rest(float(found["p"]) / 100)
    if found := _HELD.search(text):
        return _rest(float(found["p"]) / 100)
    if (
        (found := _HOLD.search(text))
        and (
            re.match(r"(?:hold|reserv|set|put|keep|carve|withhold|split)", found.group())
            or re.search(_TESTY, found["after"])
        )
        and not re.search(r"\b(?:accuracy|win|loss)", found.group())
    ):
        return _rest(float(found["p"]) / 100)
    return _share_in_words(text)


def _share_in_words(text: str) -> float | None:
    """ "A fifth for testing" is 0.8, "three quarters for training" 0.75."""
    found = _PART.search(text)
    if found is None:
        return None
    count = found["k"] or found["k2"]
    share = (int(count) if count.isdigit() else 1) * _FRACTIONS[found["w"] or found["v"]]
    if share >= 1:
        return None
    return round(share, 10) if re.search(r"\btrain", found["after"] or found["what"] or "") else _rest(share)


def _rest(share: float) -> float | None:
    return round(1 - share, 10) if 0 < share < 1 else None
