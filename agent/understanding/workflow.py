"""Deciding which workflow an instruction asks for."""

from __future__ import annotations

from agent.understanding import patterns as re
from agent.understanding.asking import asks, only_asks, says_nothing_starts
from tuning.request import Workflow

_NEG = re.compile(
    r"(?<![\w-])(?:no|not|never|without|don'?t|do not|isn'?t|instead of|rather than|forget|nor|neither|skip|not doing|no need for|nothing to do with|rather not|not want|not a|tired of|avoid)(?: (?:a|an|any|the|do|doing|run|want|use|using|need|to|plain|another|more|it|is|as|about|with|full|new|further|extra|start|for))*\s*$"
)
_TRAIN = re.compile(
    r"\b(?:fine-?tun\w*|finetun\w*|fine tun\w*|train\w*|tun(?:e|ed|ing)\b|retrain\w*|adapt\b|specialis\w+|specializ\w+|teach\b|lora\b|improve\b|customi[sz]e\b|distil\w*|make (?:⟦m\d+⟧|it|a model)\b|learn\b|get ⟦m\d+⟧)"
)
_WORDS: dict[Workflow, re.Pattern[str]] = {
    "trajectories": re.compile(
        r"\bfire-?act\b|\btrajector\w+|\bagent(?:ic)? (?:runs?|traces?|tuning|episodes|rollouts|demonstrations)\b|\btool[- ](?:use |calling )?(?:traces|runs|episodes)\b|\b(?:as|into) an? (?:\w+ )?agent\b|\bagent(?:ic)? distil\w*|\bdistil\w* (?:\w+ ){0,3}agents?\b|\b(?:agent|tool[- ]use) (?:distillation|imitation|cloning|training)\b|\b(?:imitat|copy|copie|clone)\w* (?:the |its |their |an? )?(?:\w+ )?agent(?:'s)?\b|⟦m\d+⟧ (?:plays?|solves?|works through|attempts)\b|\blet ⟦m\d+⟧ (?:play|solve|work|go|do)\b|\b(?:good|successful|solved) (?:runs|plays|attempts)\b|\breact (?:runs|traces|rollouts|episodes|demonstrations|transcripts)|\bteacher(?:'s)? (?:agent|runs|traces|plays|works|solves?)"
    ),
    "rft": re.compile(
        r"\breinforcement\b|\br[fl]t\b|\bgrpo\b|\bppo\b|\brlvr\b|\brlhf\b|\brl\b|\breward(?:s|ed|ing)?\b|\breinforce\b|\bpolicy gradient\b|\bno (?:labell?ed|reference|gold|target|written|finished|model|sample) (?:answers?|outputs?|completions?|replies|responses?)\b|\b(?:checked|verified|scored|graded|executed|tested) (?:and \w+ )?automatically\b|\b(?:verifiable|checkable|auto-?checkable) (?:answers?|rewards?|outcomes?|results?|tasks?|prompts?)\b|\b(?:learn|train|improve|gets? better)\w*\b[^.;]{0,40}\b(?:by|through|via|from) (?:trial and error|trying|self-play|earning points)\b|\b(?:gets?|earns?|receives?|awarded?|scores?) (?:(?:\d+|a|one|some|more|full|plus) )?points?\b(?: (?:for|when|if|whenever|each|every))"
    ),
    "preference": re.compile(
        r"\bdpo\b|\borpo\b|\bpreferences?\b|\bprefs?\b|\bpreferred\b|\bnon[_-]preferred|\bchosen\b[^.;]{0,40}\brejected\b|\b(?:accepted|approved|chosen|good|liked|preferred|winning|kept)\b[^.;\n]{0,20}(?:\band\b|\bor\b|/|\bvs\b)[^.;\n]{0,12}\b(?:rejected|disliked|refused|declined|discarded|dispreferred|losing)\b|\bdelta learning\b|\bgood (?:and|vs\.?|/) bad (?:answers?|responses?|replies|pairs)|(?<!question[/ -])(?<!questions[/ -])(?<!question and )(?<!questions and )(?<![&/] )(?<![&/])\b(?:answer|response|reply|completion|output)[- ]?pairs?\b|\bbetter (?:and|vs\.?|/|than the) worse\b|\bpairs? of (?:good|better|liked|preferred|accepted) and (?:bad|worse|disliked|rejected)|\bpairs? of (?:answers?|responses?|replies|completions|outputs)|\b(?:liked|accepted|winning) (?:and|vs\.?|/) (?:disliked|rejected|losing)|\bthumbs[- ]up\b|\b(?:people|users?|humans?|customers?|readers?|annotators?|agents?) (?:liked|preferred|chose|picked|favou?red)\b|\bcomparisons? (?:from|by|of)\b|\bwhich (?:\w+ )?(?:is|was|are|were) better\b|\bwhich (?:of|one|answer|response|reply|version|draft|text|variant|output)s?\b[^.;?]{0,50}\b(?:prefer\w*|likes?|liked|better|choose|chose|pick\w*|favou?r\w*|won|wins)\b|\ba/b[- ](?:tests?|prefs?|votes?|comparisons?|pairs?|choices)\b|\bside[- ]by[- ]sides?\b|\b(?:up|down)-?votes?\b|\bthumbs (?:up|down)\b|\bhead-to-heads?\b|\b(?:winner|better|good|preferred|chosen)(?: \w+)?/(?:loser|worse|bad|rejected)\b|\bduels?\b|\bthey (?:like|prefer|favou?r)\b|\bdirect preference|\bhuman feedback pairs|\bone (?:good|better)(?: \w+)? and one (?:bad|worse)"
    ),
    "classification": re.compile(
        r"\bclassif\w+|\bcategori[sz]\w+|⟦l0⟧|\bintent (?:detection|recognition|classification|prediction|labels?)\b|\bintents?\b|\brouting\b|\broute(?:s|r)?\b|\bsentiment\b|\blabel (?:prediction|set|predict\w*)|\bpredict\w* (?:the |a |its |their |which |one of )?(?:\w+ )?(?:labels?|class|category|categories|topic|tag|intent|department|queue|priority)|\bspam\b|\btriag\w+|\b(?:topic|category|priority|urgency|intent|language|theme|issue) labels?\b|\b(?:auto-?)?(?:tagger|labell?er|router|triager|categori[sz]er|classer)\b|\bauto-?(?:tag|label|rout|sort)\w*|\btag(?:s|ging)? (?:\w+ ){0,3}(?:tickets?|mails?|e-?mails?|messages?|reviews?|articles?|posts?|calls?|documents?|comments?|requests?)\b|\bsort(?:s|ing)? (?:\w+ ){0,3}(?:tickets?|mails?|e-?mails?|messages?|reviews?|them) (?:by|into|to)\b|\b(?:tells?|telling) (?:apart|\w+ from)\b|\byes[-/ ](?:or[- ])?no (?:label|decision|predict|classif|question|answer|model)\w*|\bimbalance\b|\bsort(?:s|ing|ed)? (?:\w+ ){0,4}(?:into|by (?:topic|category|type|department))\b|\b(?<!our )(?<!the )(?<!s3 )(?:tag|label|bucket|assign)(?:s|ging|ging|ling|ing)? (?:\w+ ){0,4}(?:as|into|with one of|to (?:one of|a|the right) (?:the )?(?:\w+ )?(?:queue|team|category|class|department|labels?))\b|\bdecide whether\b|\bwhich (?:\w+ ){1,2}(?:(?:should|must|shall|will|has to) )?(?:handles?|gets?|takes?|is responsible|(?:it|they|he|she) (?:belongs?|goes?|is meant|concerns?)|applies|concerns?|belongs)\b|\b(?:says?|tells?|predicts?|guess\w*|works? out|figures? out|recogni[sz]es?|decides?) (?:us |me |you |our \w+ |the \w+ )?(?:whether|if|which (?!of)\w+|what kind|what type)\b|\b(?:detect|recogni[sz]e)(?: \w+){0,2} (?:intents?|spam|toxicity|toxic|language|topics?|fraud|sarcasm|urgency)\b|\b(?:intent|topic|toxicity|language|fraud|spam|emotion|urgency) (?:detection|recognition|identification|detector|tagging)|\bwhich (?:of the )?(?:\w+ )?(?:department|team|queue|category|class)\b|\bmulti-?(?:label|class)\b"
    ),
}
_TEACHER = re.compile(
    r"\bteachers?\b|(?<!\d )\bstudents?\b|\bdemonstrat(?:es?|ors?|ing)\b|\blearns? from (?:it|him|them|her|⟦m\d+⟧)|\bact like\b|\b(?:learns?|trained|tuned|train|tune) (?:from|on) (?:its|their|his|the teacher'?s?|those|these|the) (?:good |successful |best )?(?:runs|traces|episodes|attempts)"
)
_AGENTIC = re.compile(
    r"\bre-?act\b|\breflexion\b|\bcot\b|\bchain[- ]of[- ]thought|\btools?\b|(?<!dear )(?<!hi )(?<!hello )(?<!hey )(?<!fireworks )(?<!fine-tuning )(?<!support )\bagents?\b|\bagentic\b|\btool calls?\b"
)
"""Both together, a teacher and the work of an agent, are agent tuning even without the word trajectory."""
_EVALUATOR = re.compile(
    r"\b(?:write|author\w*|create|build|make|generate|draft|develop|design|need|want|like|prepare|produce|implement|code|give me|get me|put together|come up with|craft|set up|have)\b(?: (?!that\b|which\b)[\w'-]+){0,6} (?:evaluators?|graders?|scorers?|reward (?:functions?|code|script)|scoring (?:function|script|code)|evaluation (?:script|function|code)|eval script|checker|verifier|grading (?:function|script|code))\b|\bevaluator (?:authoring|only)|\bauthor\b[^.;]{0,40}\bevaluator|\b(?:something|a (?:script|program|tool|function|thing)|code) (?:that|which|to) (?:scores?|grades?|checks?|rates?|verif\w+|mark)\b|\b(?:an?|the|new|proper) (?:\w+ )?(?:evaluator|grader|scorer)\b[^.;\n]{0,30}\b(?:is|are) (?:missing|needed|wanted|what)\b|\bmissing is (?:an?|the) (?:\w+ )?(?:evaluator|grader|scorer)\b|\b(?:evaluator|grader|scorer|reward function)(?: \w+){0,2} (?:write|create|build|generate|develop)\b"
)
_SCORER = re.compile(
    r"\b(?:evaluators?|graders?|scorers?|reward (?:functions?|code|script)|scoring (?:function|script|code)|eval(?:uation)? script|verifier)\b"
)
_HAS_ONE = re.compile(
    r"\b(?:already (?:have|has|got|own|built|wrote|written)|have (?:already|got)|(?:do|does) have|there (?:is|exists) already|already (?:exists|there)|(?:have|has) (?:an?|the|our|my) (?:existing|own|ready|working|finished|tested))\b[^.;\n]{0,40}\b(?:evaluator|grader|scorer|reward function|checker|verifier)\b"
)
"""An evaluator that exists is not to be written."""
_NO_TRAINING = re.compile(
    r"\b(?:no|not|without|don'?t|dont|do not|nothing|never|skip)(?: \w+){0,3} (?:train\w*|fine-?tun\w*|finetun\w*|tuning|rft|model training)\b(?! (?:data ?sets?|data|rows|sets?|files?)\b)|\b(?:train\w*|fine-?tun\w*|tuning|rft)(?! on| with)(?: (?:it|this|comes|is|are|will|can|come|happens?|starts?|only|be|done|shall|gets?|for now|yet)){0,4} (?:later|not yet|nothing|not|another day|separately|next (?:week|month|year|quarter)|(?:some|at some|any) (?:other |later )?(?:time|day|point|date)|once|in (?:spring|summer|autumn|winter|january|february|march|april|june|july|august|september|october|november|december|q[1-4]))\b|\b(?:only|just) (?:the |an |a |this )?(?:new )?(?:evaluator|grader|scorer|reward function)\b|\bbefore (?:we|i|any)(?: \w+){0,3} train\w*|\bnothing (?:else|more|further|beyond that)\b|\b(?:evaluator|grader|scorer|scoring function) (?:only|first|alone|and nothing)\b|\b(?:rft|reinforcement|training|fine-?tuning)\b[^.;\n]{0,25}\b(?:eventually|later|next (?:week|month|quarter|year)|some day|another time)\b"
)
_MEASURES = re.compile(r"\b(?:benchmark\w*|baselines?|base accuracy|measure)\b")
_BENCHMARK = re.compile(
    r"\b(?:just|only|merely|simply|purely)(?: \w+){0,3} (?:benchmark\w*|baseline\w*|measure|inference|base (?:accuracy|numbers))\b|\bbenchmark(?:ing)?[- ]only\b|\binference[- ]only\b|\bbenchmark\b[^.;]{0,60}\b(?:nothing (?:else|more)|only)\b|\b(?:do not|don'?t|no|without|not|never|skip|without any)(?: \w+){0,3} (?:fine-?tun\w*|train\w*|tun(?:e|ing))\b(?! (?:it |them )?(?:on|with|using) (?:the |my |our |that )?(?:test|gold|eval|held|hold|val|⟦|same|all|any)| on(?=\s*(?:[.,;:!)—]|$|and\b|but\b|they\b))| (?:data|set|rows))|\bnothing (?:is |shall |should |must |to |may |needs to |will )*(?:be |gets )?(?:fine-?tuned|tuned|trained)\b|\bonly (?:evaluate|compare|score|test)\b"
)
_FINE_TUNES = re.compile(
    r"\bskip the base-vs-base|\bonly fine-?tune\b|\b(?:hp|hps|hyper-? ?param\w*|parameter|grid|lora)[- ](?:fine-?)?tun(?:e|ing)\b"
    r"|\btuning (?:rounds?|sweeps?|search|grid|phase|of (?:the )?(?:hp|hyper))\b|\b(?:final|full)(?:[- ]data)? (?:final )?(?:training|tuning)\b"
)
"""What is left out or kept here is not the training as such: a search for settings, the run on all data."""
_TRAINS_MODEL = re.compile(r"\b(?:train|fine-?tune|finetune) (?:\w+ ){0,2}⟦m\d+⟧")
_TRAINS_AFTER_ALL = re.compile(
    r"\b(?:changed my mind|change of (?:mind|plan)|no,? wait|scratch that|on second thoughts?|actually|after all)\b[^\n]{0,80}\b(?<!not )(?<!don't )(?<!no )(?:train|fine-?tune|tune)\b(?: \w+){0,3} ?(?:too|as well|also|after all|them|it|both)\b"
)
"""A benchmark to which the training is added later."""


def read_workflow(
    text: str, sentences: tuple[str, ...], named: bool, unsupported: bool, extra: bool
) -> Workflow | None:
    """The workflow of an instruction, or None when nothing is asked for.

    `named`: the text names a dataset or a model to train. `unsupported`: it asks for a job that is not served.
    `extra`: it asks for a thing beside the job that is not served.
    """
    job = _job(text, named)
    if _only_asks(text, sentences):
        return "question"
    if unsupported or (extra and (job is None or not _has_job_words(text))):
        return "unsupported"
    return job


def _has_job_words(text: str) -> bool:
    """Whether a job is asked for, apart from words like "fine-tuned" that only describe a thing."""
    text = re.sub(
        r"\b(?:fine-?tuned|trained|tuned|training|tuning|fine-?tuning)\b(?= (?:models?|jobs?|data ?sets?|data|runs?|adapters?|rows|samples|set))|\bmy (?:old )?(?:fine-?tuned|tuned|trained)|\blora\b(?= (?:adapters?|weights|checkpoints?)\b)|(?:was|were|is|are|i|we) (?:fine-?tuned|trained|tuned)",
        "",
        text,
    )
    return (
        _said(_TRAIN, text)
        or any(p.search(text) for p in _WORDS.values())
        or bool(re.search(r"\bsft\b|\bsupervised\b|\bbenchmark\b", text))
        or bool(_EVALUATOR.search(text))
    )


def _job(text: str, named: bool) -> Workflow | None:
    said = {name: _said(pattern, text) for name, pattern in _WORDS.items()}
    sft = _said(re.compile(r"\bsft\b|\bsupervised\b"), text)
    if said["trajectories"] or (_TEACHER.search(text) and _AGENTIC.search(text)):
        return "trajectories"
    if _authors_only(text, said["rft"]):
        return "evaluator"
    strong_rft = said["rft"] and re.search(r"\breinforcement\b|\br[fl]t\b|\bgrpo\b|\bppo\b|\brl\b|\brlvr\b", text)
    if strong_rft:
        return "rft"
    strong_preference = said["preference"] and re.search(
        r"\bdpo\b|\borpo\b|\bpref(?:erence)? (?:learning|tuning|optimi|training|fine|pairs)|\bpreferences\b", text
    )
    if strong_preference:
        return "preference"
    if sft and not said["classification"]:
        return "sft"
    for name in ("classification", "preference", "rft"):
        if said[name]:
            return name
    if named and only_benchmarks(text):
        return "classification"
    if sft or _said(_TRAIN, text) or named:
        return "sft"
    return None


def _authors_only(text: str, rft: bool) -> bool:
    """Whether an evaluator is to be written and nothing is trained now."""
    if not _SCORER.search(text) and not _EVALUATOR.search(text):
        return False
    if rft and _HAS_ONE.search(text):
        return False
    no_training = _NO_TRAINING.search(_FINE_TUNES.sub("", text))
    if _said(_EVALUATOR, text):
        return bool(no_training) or not _trains(text, rft)
    return bool(no_training) and "⟦e" not in text and not _MEASURES.search(text)


def only_benchmarks(text: str) -> bool:
    """Whether base models are only to be measured and nothing is trained; classification alone has that mode."""
    return (
        bool(_BENCHMARK.search(_FINE_TUNES.sub("", text)))
        and not _TRAINS_AFTER_ALL.search(text)
        and not _said(_TRAINS_MODEL, text)
    )


def _trains(text: str, rft: bool) -> bool:
    """Whether training is asked for beside the evaluator."""
    bare = _EVALUATOR.sub("", text)
    bare = re.sub(
        r"\b(?:training|fine-?tuned|trained|tuned)\b|\b(?:for|in|before|usable (?:for|in|with)) (?:a |an |the |our |later )*(?:later |future )?(?:rft|reinforcement\S*(?: fine-?tuning| learning)?|training|grpo|rl)\b",
        "",
        bare,
    )
    return (
        bool(_TRAIN.search(bare))
        or (rft and bool(re.search(r"\brft\b|\breinforcement\b|\bgrpo\b|\brl\b", bare)))
        or bool(
            re.search(
                r"\bsft\b|\bdpo\b|\borpo\b|\bsupervised\b|\bpreference (?:learning|training|tuning|optimi\w+)", bare
            )
        )
    )


def _said(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a word is there at least once without a negation before it."""
    for match in pattern.finditer(text):
        left = re.split(r"[.;!?\n,]\s?|\bbut\b", text[max(0, match.start() - 40) : match.start()])[-1]
        if not _NEG.search(left):
            return True
    return False


def _only_asks(text: str, sentences: tuple[str, ...]) -> bool:
    """Whether the text only asks, or says that nothing shall start."""
    nothing = says_nothing_starts(text)
    wonders = any(map(asks, sentences))
    if nothing and not (
        not wonders
        and re.search("train|tun", nothing)
        and (_said(_EVALUATOR, text) or _SCORER.search(text) or _MEASURES.search(text))
    ):
        return True
    return only_asks(sentences)
