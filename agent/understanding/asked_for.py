"""Answers that only the agent's last words complete: "you write it", "the llama one", "just two: angry and calm"."""

from __future__ import annotations

from agent.understanding import patterns as re
from agent.understanding.models import mask_models

_WRITE_IT = re.compile(
    r"\b(?:you|yourself)(?: can| may| should|'d better| please| just)? (?:write|generate|create|build|make|do) (?:it|one|that|them|this)\b"
    r"|\b(?:please |just |do |go ahead and |ok |yes )?(?:write|generate|create|build|make|draft) (?:it|one|them|that|some)\b(?! (?:faster|cheaper|smaller|bigger|shorter|longer|better|\d))"
    r"|\b(?:we|i) (?:don'?t|do not|haven'?t|have no)(?: have)?(?: got)?(?: any| one| none)?[^.;?]{0,12}[,.;] ?(?:so )?(?:please )?(?:you )?(?:write|generate|create|build|make)\b"
    r"|\byour own (?:one|evaluator|grader)\b|\b(?:have|let) the agent (?:write|generate|create|build)\b"
    r"|\bschreib(?:en sie|t)? (?:du )?(?:ihn|es|einen|eins|sie|selbst|bitte|mir|uns)\b|\berzeug(?:e|en sie)? (?:ihn|es|einen|sie|welche)\b|\bgenerier(?:e|en sie)? (?:ihn|es|einen|sie|welche)\b|\berstell(?:e|en sie)? (?:ihn|es|einen|sie|welche)\b|\bschreib du\b|\bmach du\b"
    r"|\b(?:écri[st]|écrivez|génère|générez|crée|créez|rédige[zr]?)[- ](?:le|la|les|en|toi|vous)\b|\bà (?:toi|vous) de l'écrire\b|\b(?:écris|écrivez|génère|générez|crée|créez)-en\b"
    r"|\b(?:escr[íi]b|g[eé]n[eé]r|cr[eé])(?:e|a|ea|éa|elo|alo|éalo|ealo|elos|alos|éalos|ela|alas|elas)(?:l[oa]s?)?(?: tú| usted|,|\.|$| por favor| por mí)|\bescríbelo\b|\bescribelo\b|\bgenéral[oa]s?\b|\bgeneral[oa]s\b|\bhazlo tú\b|\bhágalo usted\b"
    r"|\bescrev[ae](?:[- ]o)?(?: você| tu| um)?\b|\bger[ae](?:[- ](?:o|os|um|uns))?(?: você)?\b|\bcria(?:[- ]o| um)\b"
    r"|\bscriv(?:ilo|ila|ine uno|ilo tu|etelo|alo lei)\b|\bgener(?:alo|ala|ali|ane|alo tu)\b|\bcre(?:alo|ala|ane uno)\b|\bschrijf (?:hem|het|er een|jij|zelf|maar)\b|\bgenereer (?:hem|het|ze|er een|maar)\b|\bmaak (?:er een|hem|ze)\b"
    r"|(?:你|您)(?:来|自己|帮(?:我|忙))?(?:写|生成|编写|创建|做)|(?:请|帮我|直接)(?:写|生成|编写|创建)(?:一个|吧|一下|它)?|^(?:写|生成)(?:一个|吧)|(?:書|作|生成)(?:いて|って|して)(?:ください|下さい|くれ|ほしい)?",
    re.IGNORECASE,
)
_HAVE_ONE = re.compile(
    r"\b(?:not|don'?t|do not|no|nicht|kein\w*|ne|pas|não|non|niet|geen)\b[^.;,]{0,12}\b(?:write|generate|create|build|make|schreib\w*|genera\w*)\b|不要|不用|別|别",
    re.IGNORECASE,
)
_OFFERS_EVALUATOR = re.compile(
    r"\b(?:evaluator|grader|scorer|reward|bewert\w+|évaluateur|evaluador|avaliador|valutatore|beoordelaar)\b|评估器|評価器|奖励",
    re.IGNORECASE,
)
_OFFERS_PAIRS = re.compile(
    r"\bpairs?\b|\bpreferred and (?:rejected|non)|\bpaare?\b|\bpaires?\b|\bpar(?:es|ejas)\b|\bcoppie\b|\bparen\b|对|ペア",
    re.IGNORECASE,
)
_MAKES = re.compile(
    r"\b(?:write|generate|create|build|make|schreib\w*|erzeug\w*|generier\w*|erstell\w*|écri\w*|génér\w*|cré\w*|escrib\w*|gener\w*|cre[aeo]\w*|escrev\w*|ger[ae]\w*|scriv\w*|schrijv\w*|genere\w*)\b|写|生成|作成|書",
    re.IGNORECASE,
)
_FAMILY = re.compile(
    r"(?<![\w-])(?P<family>qwen|llama|gemma|kimi|gpt[- ]?oss|mistral|deepseek|glm|phi)(?![\w.]*-?\d)(?![ -]?\d)",
    re.IGNORECASE,
)
_NOT_THAT = re.compile(
    r"\b(?:not|no|instead of|rather than|over|than|drop|without|except|nicht|statt|pas|sin|anstelle)(?: the| der| den| das| le| la| el)?\s*$",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"^\W*(?:(?:there (?:are|is)|we have|we've got|it'?s|they'?re|they are|only|just|exactly|simply|nur|seulement|solo|sólo|only the|the) )*(?:(?:\d+|two|three|four|five|six|seven|eight|nine|ten|zwei|drei|vier|fünf|deux|trois|quatre|cinq|dos|tres|cuatro|cinco)(?: of them| labels| classes| categories| klassen)?)?\s*[:：-] *",
    re.IGNORECASE,
)  # fmt: skip


def left_to_agent(own: str, context: str) -> dict[str, object]:
    """What the agent shall make itself, when it offered to write an evaluator or to generate pairs."""
    if not _MAKES.search(context) or not _WRITE_IT.search(own) or _HAVE_ONE.search(own):
        return {}
    if _OFFERS_EVALUATOR.search(context):
        return {"evaluation": "generated"}
    return {"generate_pairs": True} if _OFFERS_PAIRS.search(context) else {}


def model_of_family(own: str, context: str) -> dict[str, object]:
    """ "The llama one instead": the only model of that family in the agent's words."""
    wanted = [m["family"] for m in _FAMILY.finditer(own) if not _NOT_THAT.search(own[: m.start()])]
    if len({family.lower() for family in wanted}) != 1:
        return {}
    stem = re.sub(r"[- ]", "", wanted[0].lower())
    named = {m.id for m in mask_models(context).mentions if m.id}
    fitting = [model for model in named if model.replace("-", "").startswith(stem)]
    return {"base_models": (fitting[0],)} if len(fitting) == 1 else {}


def without_count(own: str) -> str:
    """ "Just two: angry and calm" without the words that count what follows."""
    return _COUNTED.sub("", own) if re.search("[:：]", own) else own
