"""What the agent asked last, and which slot a bare answer to it fills."""

from __future__ import annotations

from typing import Literal

from agent.understanding import patterns as re

Asked = Literal["yes_no", "open", "choice", "nothing"]

_SENTENCES = re.compile(r"(?<=[.!?？])\s+|(?<=[？。])|\n+")
_OPEN = re.compile(
    r"\b(?:which|what|how|where|who|whom|when|why|name (?:a|the)|choose|pick"
    r"|welche[rsnm]?|was|wie|wo|wer|warum|quel(?:le)?s?|combien|comment|où|pourquoi|cuál(?:es)?|qué|cuánt[oa]s?|cómo|dónde"
    r"|qual|quais|quant[oaie]s?|onde|por que|quale|quali|cosa|dove|perché|welke?|wat|hoe|hoeveel|waar|waarom)\b"
    r"|哪|什么|多少|几|怎么|どの|どれ|どちら|何|なに|いくつ|いくら|どう|誰|どこ"
)
_AND_OPEN = re.compile(
    r"\b(?:and|und|et|y|e|en) (?:which|what|how|where|who|when|why|welche\w*|wie|was|quel\w*|combien|comment|cuál\w*|cuánt\w*|quale|quant\w*|qual|welke|hoe\w*)\b"
)
_YES_NO = re.compile(
    r"(?:^|[,;:—¿] ?|\b(?:so|and|then|now|but|also|dann|donc|alors|entonces|então|allora|dus) )\s*(?:is|are|shall|should|may|can|could|do|does|did|would|will|ok|okay|fine|proceed|continue|ready|approve|confirm|agree|want me|happy|promote|deploy|start|go ahead|right|correct"
    r"|soll|sollen|darf|dürfen|kann|können|möchtest|möchten|ist|sind|stimmt|stimmen|passt|wollen|willst|einverstanden|habe ich recht"
    r"|dois-je|puis-je|peux-je|est-ce|voulez|veux|est-il|sont-ce|souhaitez|faut-il|c'est|d'accord|je peux|on peut"
    r"|debo|puedo|podemos|quieres|quiere|está|están|es|son|le parece|te parece|puede|deseas|desea|de acuerdo"
    r"|posso|podemos|devo|quer|você quer|deseja|está|estão|é|são|tudo bem|pode ser|concorda"
    r"|possiamo|vuoi|vuole|volete|va bene|è|sono|ti va|procedo|mag ik|mogen we|zal ik|kan ik|moet ik|wil je|wilt u|is het|klopt|kloppen|zijn|akkoord)\b"
    r"|\b(?:ok|okay|all right|alright|fine) (?:if|to|with)\b|吗|(?:ますか|ですか|ましょうか|でしょうか|いい)\W*$"
)
_MIND = re.compile(
    r"\bmind\b|\bobject(?:ion)?\b|\bnot\b|n't\b|\bunless\b|\bwithout\b|\brather than\b|\binstead of\b"
    r"|\bnicht\b|\bkeine?\b|\bohne\b|\bdagegen\b|\bstatt\b|\bpas\b|\bsans\b|\bdérange\b|\bplutôt\b|\bsin\b|\bmolesta\b|\ben lugar\b|¿no\b"
    r"|\bnão\b|\bsem\b|\bem vez\b|\bnon\b|\bsenza\b|\bdispiace\b|\binvece\b|\bniet\b|\bgeen\b|\bzonder\b|\bbezwaar\b|介意|不|没|ない|ません|なし"
)
"""A yes to a question with one of these may mean either."""
_OR = re.compile(
    r"\bor\b(?! more\b| less\b| so\b)|\boder\b|\bou\b|\bo\b(?! que\b)|\bof\b(?= (?:moet|zal|wil|liever|een|de|het|heb)\b)|\b(?:zal|mag|moet|kan|wil) (?:ik|je|u|we|wij)\b[^?]*\bof\b|还是|か、|それとも|または"
)
_SLOTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("eval_dataset", re.compile(r"\b(?:eval(?:uation)?|test|held-out|holdout) (?:data ?set|set|data)\b")),
    ("train_dataset", re.compile(r"\bdata ?sets?\b|\bdata\b|\bdatensatz\b|\bjeu de données\b|数据集")),
    ("base_models", re.compile(r"\b(?:base )?models?\b|\bmodell\b|\bmodèle\b|\bmodelo\b|模型")),
    (
        "evaluator",
        re.compile(r"\bwhich evaluator\b|\bevaluator id\b|\bwhat evaluator\b|\bname (?:of )?(?:the|your) evaluator\b"),
    ),
    ("labels", re.compile(r"\blabels?\b|\bclasses\b|\bcategories\b")),
    ("epochs", re.compile(r"\bepochs?\b|\bepochen\b")),
    ("lora_ranks", re.compile(r"\branks?\b")),
    ("learning_rates", re.compile(r"\blearning rates?\b")),
    ("betas", re.compile(r"\bbetas?\b")),
    ("subsample", re.compile(r"\b(?:samples?|rows|examples)\b[^?]{0,40}\b(?:tuning|sweep|search)\b|\bsubsample\b")),
    ("max_parallel_jobs", re.compile(r"\bparallel\b|\bjobs\b[^?]{0,25}\b(?:at once|at a time)\b")),
    ("imbalance_threshold", re.compile(r"\bimbalance\b|\bthreshold\b")),
    ("train_fraction", re.compile(r"\bsplit\b|\bhold out\b|\bheld out\b")),
    ("target", re.compile(r"\btarget\b|\bgoal\b")),
    (
        "budget_usd",
        re.compile(
            r"\bbudget\b|\bspend\b|\bhow much\b(?! data\b)|\bceiling\b|\bcost limit\b|\b(?:most|maximum|at most)\b[^?]{0,40}\b(?:cost|pay|spend|price)\b|\b(?:cost|pay)\b[^?]{0,20}\bat most\b|\b(?:wie viel|was) darf\b|\bcombien\b[^?]{0,30}\b(?:coûter|dépenser)\b|\bcuánto\b[^?]{0,30}\b(?:costar|gastar)\b|\bquanto\b[^?]{0,30}\b(?:custar|gastar|costare|spendere)\b|预算|予算|いくら"
        ),
    ),
    ("teacher_model", re.compile(r"\bteacher\b")),
    ("tasks", re.compile(r"\btasks?\b")),
    ("evaluation", re.compile(r"\bevaluat\w+|\bscored?\b|\bjudged?\b")),
    ("method", re.compile(r"\bdpo\b|\borpo\b|\bloss\b")),
)


_HAVE_ONE = re.compile(
    r"\b(?:is there|have you(?: got)?|do you have|got) (?:one|any|some|it)\b|\bhast du (?:einen|eins|welche)\b|\ben (?:avez-vous|as-tu)\b"
)
"""What "one" means stands in the sentence before."""


def kind_of_question(context: str) -> Asked:
    """Whether the agent's last words can be answered by yes or no. Any open part or choice makes a yes unclear."""
    questions = _questions(context)
    if not questions:
        return "nothing"
    if any(_MIND.search(q) for q in questions):
        return "choice"
    plain = [q for q in questions if _YES_NO.search(q)]
    open_ones = [
        q for q in questions if (o := _OPEN.search(q)) and not ((y := _YES_NO.search(q)) and y.start() < o.start())
    ]
    if open_ones or any(_AND_OPEN.search(q) for q in questions):
        return "open"
    if any(_OR.search(q) for q in questions):
        return "choice"
    return "yes_no" if len(plain) == len(questions) == 1 else "open"


def _questions(context: str) -> list[str]:
    return [s.strip().lower() for s in _SENTENCES.split(context) if s.rstrip(" \"')*").endswith(("?", "？"))]


def slot_asked(context: str) -> str | None:
    """The slot that the agent asked about last, or None."""
    questions = _questions(context)
    asked = questions[-1] if questions else context.lower()
    if _HAVE_ONE.search(asked):
        asked = context.lower()
    for slot, pattern in _SLOTS:
        if pattern.search(asked):
            return slot
    return None
