"""What is not served, and in which words it is refused: each refusal names the right place to go."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.understanding import patterns as re

_NEG = re.compile(
    r"(?:\b(?:no|not|never|without|don'?t|do not|isn'?t|won'?t|instead of|rather than|nor|neither|avoid|skip)(?: \w+){0,5}\s*|\bnothing (?:is|gets|may be|should be|will be|shall be) (?:\w+ )?)$"
)
_OLD = r"(?:please|my|our|the|all|any|every|this|that|these|those|old|existing|previous|current|unused|stale|original|other|its|your|of|two|three|both|\d+|failed|and|unneeded|expired|live|production|prod|deployed|base|fine-?tuned|tuned|test|training|train|duplicate|bad|broken|empty|raw|source|⟦d\d+⟧|⟦m\d+⟧|⟦l0⟧)"
_THING = r"(?:models?|data ?sets?|data|deployments?|endpoints?|adapters?|checkpoints?|files?|evaluators?|jobs?|rows?|samples?|records?|lines?|entries|versions?|duplicates|sessions?|⟦d\d+⟧|⟦m\d+⟧|everything|resources|account|weights)"


_FALLS_BACK = re.compile(
    r"\bif (?:(?:the|that|this|it|you|a|such|your|my|our|custom|\w+ing) ?)*(?:\w+ )?(?:is not|isn'?t|are not|aren'?t|can'?t|cannot|don'?t|do not|doesn'?t|not)\b(?: be)?(?: \w+)? ?(?:possible|supported|available|served|offered|work|allowed|do|have|offer|support|feasible)\b[^.;\n]{0,20}\b(?:just|then|do|use|run|go|take|train|fall)\b|\b(?:otherwise|failing that|or else) (?:just |then )?(?:do|use|run|go|take|train)\b"
)
"""What is to be done where a wish is not served: the job stays."""
_WORK = re.compile(r"\b(?:sft|dpo|orpo|rft|grpo|fine-?tun\w*|train\w*|classif\w+|tune|tuning)\b")


@dataclass(frozen=True)
class Refusal:
    """A kind of wish that is not served. `main`: it changes the job itself, so the whole request is not served."""

    pattern: re.Pattern[str]
    words: str
    main: bool
    by_sentence: bool = False
    """A job named in another sentence stays a job; only this sentence is refused."""


_REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        re.compile(
            r"\bfull[- ](?:parameter|param|weights?|model|rank|fine-?tun\w+)(?: fine-?tun\w+| tun\w+| sft| train\w+| update\w*)?\b(?! run)|\bfull (?:ft|finetune)\b|\ball (?:the )?(?:weights|parameters|layers)\b|\b(?:not|no|without|instead of|rather than)(?: a| any| using)? (?:q?lora|adapters?)\b(?! rank)|(?<!rebuilt it )(?<!rebuilt )(?<!rewritten )(?<!rewrote it )(?<!relabelled it )(?<!made )(?<!written )(?<!built it )(?<!built )(?<!collected )(?<!collected it )(?<!redone )(?<!redid it )(?<!annotated )(?<!cleaned it )(?<!cleaned )(?<!created )\bfrom scratch\b|\bpre-?train(?:ing)?\b(?! model)|\bcontinued pre-?training\b|\bunfreeze\b|\bevery (?:weight|parameter)\b|\bupdate all (?:\w+ )?(?:weights|parameters)"
        ),
        "Full-parameter tuning is not served here: this agent trains LoRA adapters. Use the Training API for it.",
        True,
    ),
    Refusal(
        re.compile(
            r"\b(?:custom|own|special|different|new|modified|self-written|home-?made|hybrid|focal|contrastive|triplet|hinge|weighted|auxiliary|additional|combined)(?: \w+){0,2} (?:loss(?: function)?|objectives?|loss term)\b|\bbeta[- ](?:schedul\w+|annealing|decay|warm-?up)|\b(?:schedul\w+|anneal\w*|decay\w*|ramp\w*) (?:the |of )?(?:\w+ )?beta\b|\bbeta (?:that |which )?(?:anneal|decay|ramp|chang|vari|grow|shrink|start)\w*|\bhybrid (?:loss|objective)|\b(?:kto|ipo|simpo|cpo)\b(?: loss)?|\bloss function (?:of my own|i wrote|from)|\b(?:change|modify|replace|tweak) the loss\b|\bfocal loss\b|\bmy loss\b"
        ),
        "Custom losses and beta schedules are not served here. Use the Training API, where the loss is yours to write.",
        True,
    ),
    Refusal(
        re.compile(
            r"\b(?:image|picture|photo|video|audio|speech|voice|music|text-to-speech|tts|text-to-image|diffusion|whisper|stable diffusion|flux|sdxl|asr|transcription|embedding|embeddings|reranker|vision)(?:s)?(?: \w+){0,1} (?:models?|generat\w+|recogni\w+|synthesis|classif\w+|fine-?tun\w*|tuning|training|encoder|captioning|labell?ing|segmentation|detection|to-text)\b|\b(?:image|photo|picture|video|audio|speech|voice|vision|face|object)[- ]?(?:model|generat|recogni|classif|detect|segment|caption|synthes)\w*|\b(?:tune|train|fine-?tune)(?: an?| the| our)? (?:\w+ )?(?:whisper|stable diffusion|flux|sdxl|embedding\w*|reranker|tts|text-to-speech|image|speech|voice|video)\b|\b(?:train|tune|fine-?tune|build|make|clone)\b[^.;?\n]{0,30}\b(?:text-to-speech|speech-to-text|text-to-image|image-to-text|tts|asr)\b|\b(?:photos|images|pictures|drawings|recordings|videos|songs|paintings)\b[^.;\n]{0,50}\b(?:generat|produc|creat|draw|paint|compos)\w*|\b(?:train|tune|fine-?tune)\w*\b[^.;\n]{0,25}\b(?:on|with|from) (?:my|our|the|these|\d+)[^.;\n⟦]{0,25}\b(?:photos|images|pictures|drawings|recordings|videos|songs|audio files|sketches)\b|\b(?:images|photos|pictures|videos|recordings) (?:of|in|into|with|as)\b|\bgenerates? (?:images|pictures|video|music|speech)\b"
        ),
        "Only text models are tuned here. Image, speech, video and embedding models need another tool.",
        True,
        by_sentence=True,
    ),
    Refusal(
        re.compile(
            rf"\b(?!(?:drop|kill) (?:the |any |that )*deployment\b)(?:delete|remove|erase|wipe|purge|destroy|drop|clean up|get rid of|throw away|deleting|removing|clear out|tear down|take down|shut down|undeploy|trash|kill)(?: {_OLD})*? {_THING}\b|\b{_THING}(?: \w+){{0,3}} (?:delete|remove|erase)\b|\b(?:delete|remove|erase|wipe)\b[^.;\n]{{0,80}}\b(?:permanently|for good|forever|irrevocably)|\b(?:delete|wipe|erase|purge) (?:it|them|that|everything|⟦[dm]\d+⟧)"
        ),
        "This agent deletes nothing. Delete models, datasets and deployments yourself in the console or with firectl.",
        False,
    ),
    Refusal(
        re.compile(r"\b(?:re-?train|fine-?tune|tune|train|continue training)\b[^.;\n]{0,80}?\bin[- ]place\b"),
        "A model is never retrained in place; this agent trains a new one beside it. Start from a base model instead.",
        True,
    ),
    Refusal(
        re.compile(
            rf"\b(?:overwrite|overwriting|modify|modifying|rename|edit|alter|patch|replace|change|fix|clean|update|updating|dedupe|deduplicate|scale|upgrade|swap|redirect|reuse|move)(?: up| down)?(?: {_OLD})*? (?:{_THING})(?: \w+){{0,6}}? (?:in[- ]place|directly|itself)\b|\b(?:replace|swap|exchange|change|switch|update|patch|overwrite)(?: out)? (?:the |our |my )?(?:weights|model|adapter|checkpoint|version|lora)s? (?:behind|under|underneath|of|in|on|at|inside|that runs (?:behind|on)) (?:the |our |my )?(?:{_OLD} )*?(?:{_THING}|production|prod\b|live\b)|\boverwrit\w+ (?:{_OLD} )*?{_THING}|\brename (?:{_OLD} )*?{_THING}|\b(?:modify|edit|alter|scale|patch|upgrade|update|replace|change|resize|reconfigure|restart|reboot|adjust)(?: up| down)? (?:the |my |our |all )?(?:existing|old|production|prod|live|current|running|original|deployed)(?: \w+)? {_THING}|\b(?:edit|clean|fix|modify|rewrite|dedupe|deduplicate|change|alter|append|add) (?:\w+ ){{0,4}}(?:in|of|to|inside)? ?(?:the|my|our) (?:original |existing |source )?(?:data ?set|⟦d\d+⟧|deployment)\b(?= in place|$|[.,;])|\b(?:push|put|load|merge|deploy) (?:to |it |this |that |the (?:result|winner|adapter|model|new model) )(?:on|into|onto|over|to|in place of) (?:the |my |our )?(?:existing|old|current|running|same|production|prod|live)(?: \w+)? (?:deployment|endpoint|model)|\b(?:correct|fix|edit|change|overwrite|update|replace|modify|alter|rewrite|adjust|amend|patch|append|insert|add|remove|rename|repair)\b[^.;\n]{{0,60}}\b(?:in|inside|within|into|of|to) (?:the |our |my |this |that |a |an )?(?:existing|original|same|source|current|old|live|deployed) (?:data ?set|model|file|deployment|adapter|evaluator|endpoint)|⟦d\d+⟧ and (?:then )?(?:overwrite|correct|fix|edit|change|update|modify|rewrite|amend|patch|repair)\b|\b(?:overwrite|correct|fix|edit|modify|rewrite|amend|repair)\b[^.;\n]{{0,40}}\b(?:in|inside|within|of) (?:it|⟦d\d+⟧)|\bin[- ]place\b|\bmerge (?:\w+ ){{0,3}}(?:adapters?|loras?)\b|\bscale (?:{_OLD} )*?(?:deployments?|endpoints?)"
        ),
        "Existing models, datasets and deployments are never changed in place; this agent creates new ones. Change them in the console or with firectl.",
        False,
    ),
    Refusal(
        re.compile(
            r"\b(?:upgrade|change|update|increase|raise|lower|cancel|downgrade|extend|top up|add|set|remove|create|rotate|invite|reset|transfer|close|switch|issue|buy|request|revoke|pay|lift|double)(?: \w+){0,4} (?:billing|plan tier|subscription|credit card|payment\w*|quota|spending limit|credits|account|api[- ]keys?|users?|team members?|password|rate limits?|invoices?|pricing tier|gpu limit|permissions?|roles?|seat|seats|refund|tier|email address)\b|\brefund\b|\bbilling (?:address|details|plan|email|change)"
        ),
        "Accounts, keys, quotas and billing are outside this agent. Use the account settings in the console, or ask support.",
        False,
    ),
)


def read_refusals(text: str) -> tuple[Refusal, ...]:
    """The kinds of unsupported wishes that a text states and does not negate; `main` holds for this text."""
    found = []
    falls_back = bool(_FALLS_BACK.search(text))
    for refusal in _REFUSALS:
        for match in refusal.pattern.finditer(text):
            left = re.split(r"[.;!?,\n]\s|\bbut\b", text[max(0, match.start() - 45) : match.start()])[-1]
            if not _NEG.search(left) and not match.group().startswith(("no full", "not full")):
                beside = refusal.by_sentence and _job_elsewhere(text, match)
                found.append(replace(refusal, main=refusal.main and not beside and not falls_back))
                break
    return tuple(found)


def _job_elsewhere(text: str, match: re.Match[str]) -> bool:
    """Whether another sentence names a model and tells to work with it."""
    sentences = text.split("\n")
    within = text.count("\n", 0, match.start())
    return any("⟦m" in s and _WORK.search(s) for n, s in enumerate(sentences) if n != within)
