"""Correcting misspelt words of the trade ("epcohs", "datset"), never names, numbers or ordinary words."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

_TRADE = ["epochs", "epoch", "learning", "rate", "ranks", "dataset", "datasets", "preference", "preferences", "classification", "classifier", "classify", "evaluator", "evaluation", "evaluate", "validation", "supervised", "reinforcement", "benchmark", "budget", "parallel", "samples", "trajectories", "teacher", "student", "deploy", "deployment", "threshold", "imbalance", "accuracy", "generate", "automatically", "candidate", "candidates", "hyperparameter", "training", "labels", "rubric", "method", "instead", "without", "please", "compare", "winner", "promote", "cancel", "skip", "final", "approve", "approved", "proceed", "fine-tune", "fine-tuning", "finetune", "finetuning"]
_NEIGHBOURS = frozenset(
    ["simple", "samplers", "ample", "temples", "rates", "rate", "ratio", "range", "ranges", "tanks", "banks", "thanks", "raters", "earning", "leaning", "yearning", "bearing", "trailing", "raining", "draining", "straining", "retraining", "label", "libel", "final", "finale", "finals", "finally", "skim", "ship", "slip", "kip", "winters", "winner", "winners", "dinner", "thinner", "method", "methods", "instant", "evaluates", "evaluated", "evaluators", "evaluations", "valuation", "elevation", "deploys", "deployed", "deploying", "deployments", "proceeds", "preceded", "proceeded", "approves", "approval", "approver", "approvals", "candid", "promoted", "promoter", "remote", "promotes", "cancelled", "canceled", "cancels", "compares", "compared", "generated", "generates", "generator", "generation", "generic", "teachers", "students", "student's", "teaching", "parallels", "paralleled", "budgets", "budgeted", "examples", "sample", "sampled", "sampling", "training", "trained", "epoch's", "epochal", "prefer", "prefers", "preferred", "classified", "classifies", "classifiers", "classic", "classics", "dataset's", "release", "please", "pleased", "pleases", "pleasant", "within", "outside", "thresholds", "skips", "skipped", "skipping", "labels", "labelled", "labeled", "labelling", "labeling", "methodical", "fine-tuned", "fine-tunes", "finetuned", "trains", "rankings", "ranking", "ranked", "banking", "leaning", "automatic", "automated", "evaluating", "validated", "validate", "validating", "balance", "balanced", "unbalanced", "imbalanced", "deployable", "accurate", "ranked", "reached", "rather", "other", "order"]
)
_WORD = re.compile(r"(?<![\w⟦/.'-])[a-zA-Z]{5,}(?:-[a-zA-Z]{3,})?(?![\w⟧/'-])")
_AFTER_NAMING_WORD = re.compile(r"(?:called|named|dataset|set|evaluator|corpus)[:\s\"']*$", re.IGNORECASE)


def corrected(text: str) -> str:
    """The text with misspelt trade words put right. A word that follows "called", "dataset" or the like is a name."""

    def fix(match: re.Match[str]) -> str:
        if _AFTER_NAMING_WORD.search(text, max(0, match.start() - 12), match.start()):
            return match.group()
        return correct_word(match.group())

    return _WORD.sub(fix, text)


@lru_cache(maxsize=8192)
def correct_word(word: str) -> str:
    """One word: the trade word within one slip (two from eight letters on), or the word itself."""
    low = word.lower()
    if low in _TRADE or low in _NEIGHBOURS:
        return word
    found = process.extractOne(low, _TRADE, scorer=OSA.distance, score_cutoff=1 if len(low) < 8 else 2)
    if found is None or found[0][0] != low[0] or len(found[0]) < 5:
        return word
    return found[0]
