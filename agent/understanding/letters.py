"""A reply in the shape of a mail: what stands around its body, a greeting by name, a signature, the plan quoted below."""

from __future__ import annotations

from agent.understanding import patterns as re
from agent.understanding.no_forms import says_no
from agent.understanding.vocabulary import words

_NAME = (
    r"(?:(?:dr|prof|mr|mrs|ms|herr|frau|mme|ing)\.? |(?:van|von|de|der|den|da|di|du|la|le|el) )*[A-ZÀ-ÖØ-Þ][\w'’-]*\.?"
)
_NAMES = rf"{_NAME}(?: {_NAME}){{0,3}}"
_GREETING = re.compile(
    rf"^\s*(?i:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[rs]?|guten (?:tag|morgen|abend)|moin|sehr geehrter? (?:herr|frau)|bonjour|bonsoir|salut|chère?|hola|buen[oa]s (?:días|tardes)|estimad[oa]|querid[oa]|olá|oi|bom dia|boa tarde|car[oa]|prezad[oa]|ciao|salve|buongiorno|gentile|hoi|beste|goedemorgen|goedemiddag|dag) (?P<name>{_NAMES})\s*(?:[,!:.]|\n)"
)
_CLOSING = (
    r"(?i:(?:all the )?best(?: wishes)?|(?:(?:best|kind|warm|with kind|kindest) )?regards|cheers|sincerely|yours(?: truly| sincerely)?|cordially|br|kr"
    r"|mfg|vg|lg|bg|gruß|gruss|grüße|(?:mit )?(?:freundlichen|besten|lieben|schönen|herzlichen) (?:grüßen|grüssen)|(?:viele|beste|liebe|schöne|herzliche) (?:grüße|grüsse|gruesse)"
    r"|(?:bien )?cordialement|bien à (?:vous|toi)|amicalement|cdlt|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|un abrazo|abraços?|atenciosamente|cumprimentos"
    r"|(?:cordiali |distinti )?saluti|(?:met )?(?:vriendelijke |hartelijke )?groet(?:en|jes)?|mvg)"
)
_THANKS = r"(?i:thanks(?: again| a lot| so much)?|thank you(?: very much)?|many thanks|thx|danke(?: schön)?|vielen dank|merci(?: beaucoup)?|(?:muchas )?gracias|(?:muito )?obrigad[oa]|grazie(?: mille)?|bedankt|dank je(?: wel)?)"
_SIGNED = re.compile(
    rf"(?:^|\n|(?<=[.!?])) *(?:{_CLOSING}(?:, *| *,? *\n\s*)|{_THANKS} *[,.!]? *\n\s*|(?<=\n)-- ?\n\s*)(?P<name>{_NAMES}(?:\s*\n\s*{_NAMES})?)\s*$"
)
"""After words of thanks only a line of its own is a name: "Merci. Annulez" is none; nor is what follows a dash: "- Mostly"."""
_PLAN = re.compile(
    r"\b(?:plan|cost|costs|estimate|candidates?|proceed|approve|kosten|kandidat\w*|genehmig\w*|freigeb\w*|frei|coût|devis|approuv\w*|lancer|coste|costo|aprob\w*|aprov\w*|custo|costi|approv\w*|plano|piano|goedkeur\w*|winner|promote)\b|计划|方案|费用|計画|費用"
)


_ASKS_LEAVE = re.compile(r"\bshall (?:i run revision|candidate) \d+|(?:^|[\s.!:])(?:proceed|approve|start)\?")


def without_frame(text: str) -> str:
    """A normalised text without a greeting by name at its beginning and a signature at its end."""
    greeted = _GREETING.search(text)
    if greeted and _is_name(greeted["name"]):
        text = text[greeted.end() :]
    signed = _SIGNED.search(text)
    if signed and _is_name(signed["name"]):
        text = text[: signed.start()]
    return text.strip()


def _is_name(name: str) -> bool:
    """Words that no list knows and that say no no; a common word with a capital is none."""
    parts = re.findall(r"[^\W\d_]+", name)
    known = words("ordinary") | words("english_hints") | words("not_a_name")
    return all(part.casefold() not in known for part in parts) and not says_no(name.lower())


def quotes_a_plan(quoted: str) -> bool:
    """Whether a quotation below an answer is the plan, with its question; "agreed" to another's doubts about it is no yes."""
    plain = quoted.lower()
    return bool(_PLAN.search(plain) and _ASKS_LEAVE.search(plain)) and not says_no(plain)
