"""What the field's terms mean here, by workflow: the words of answers to "what is macro-F1?" and its like."""

from __future__ import annotations

from collections.abc import Mapping

from tuning.workflows import (
    CLASSIFICATION,
    COMPARED_TEST_FRACTION,
    EVALUATION_DEPLOYMENTS,
    MAX_DEFAULT_EPOCHS,
    SEED,
    SFT,
    STRONGEST,
    SWEEP_ROWS,
    TEST_FRACTION,
    TEST_ROWS,
    VALIDATION_FRACTION,
)

Terms = Mapping[str, str]
"""Pattern of a question in lower case -> its answer."""

_SHARED: Terms = {
    r"lora rank|what.*\brank\b|\blora\b": (
        "LoRA trains two thin matrices beside each frozen weight instead of the weight itself. The rank is their inner "
        "width: a higher rank can learn more and costs memory; 8 to 32 is usual. Only the small matrices are trained."
    ),
    r"learning rate": (
        "The learning rate is how far each optimizer step moves the weights. Too high diverges, too low learns nothing in "
        "the time given; small models want higher rates than large ones."
    ),
    r"\bepochs?\b": (
        f"An epoch is one pass over the training rows. By default it is min({MAX_DEFAULT_EPOCHS}, ceil(2500 / number of "
        "samples))."
    ),
}
_SFT: Terms = {
    **_SHARED,
    r"validation loss|\bloss\b": (
        "Validation loss is the mean negative log-likelihood, in nats per assistant token, on rows that were not trained on; "
        "lower is better. Candidates are ranked by it; the test rows are scored once, at the end."
    ),
    r"hyperparameter|\bsweep\b|candidates?": (
        f"The sweep trains each candidate configuration on at most {SWEEP_ROWS:,} rows and ranks them by validation loss; the "
        "winner then trains on the full data."
    ),
    r"held.?out|test split|\bsplits?\b": (
        f"Rows are split once with seed {SEED}: {TEST_FRACTION:.0%} (at most {TEST_ROWS:,}) are test rows, scored once; "
        f"{VALIDATION_FRACTION:.0%} of the rest are validation rows, which rank the candidates. Equal rows stay on one side."
    ),
}
_CLASSIFICATION: Terms = {
    r"macro|micro|\bf-?1\b|precision|recall": (
        "Per label, precision is the share of the answers naming it that are right, recall the share of its rows that were "
        "answered with it, and F1 their harmonic mean. Macro-F1 is the plain mean of F1 over the labels that have rows, so a "
        "rare label counts as much as a frequent one; micro-F1 pools the counts of all labels."
    ),
    r"confusion": (
        "The confusion matrix counts rows by true label and answer: what lies off the diagonal is a mistake, and where it "
        "heaps up two labels are taken for each other. It stands in final_report.md and final_report.html."
    ),
    r"interval|significan|p.?value|mcnemar|by chance": (
        "An accuracy's 95% interval is Wilson's. Two models are compared on the same rows: McNemar's exact test gives the "
        "p-value, and a gain is claimed only when the whole 95% interval of the paired difference is above zero."
    ),
    r"strict|lenient|unparsable|unreadable": (
        "The strict reading takes an answer that is the label and nothing else. The lenient one, which decides, also takes one "
        "that names a single label unmistakably. An answer that names none, several, or denies one is unparsable and wrong."
    ),
    r"accura|exact match|(measure|judge|score|evaluat)\w* (it|them|the models?|a model|quality|answers?)|how.*(judged|evaluated)": (
        "Each model is asked about every held-out row, with the same prompt before and after tuning. Accuracy is the share of "
        "rows whose answer names the right label unmistakably (with several labels a row: exactly the right set); no answer, "
        "or one that names none, is wrong. Candidates are ranked on the validation rows, the winner on the held-out rows."
    ),
    r"leak|contaminat": (
        "Leakage is a row that judges a model being in its training data too: the score then flatters it. Rows with equal "
        "prompts stay on one side of the split. A separate evaluation set is compared with the training rows, by equal text "
        "and by shared runs of 8 words, and what is shared is in the plan's warnings."
    ),
    r"imbalanc|over-?sampl|under-?sampl|rebalanc": (
        "Imbalance is how many times as many training rows the most frequent label has as the least frequent one. 'Oversample' "
        "repeats rows of rare labels, 'undersample' cuts frequent ones; both change training rows alone, never those that measure."
    ),
    r"benchmark|base accuracy|baseline": (
        f"The benchmark asks each base model, untuned, about the held-out rows. It shows what tuning gains, and of more than "
        f"{STRONGEST} models it decides which {STRONGEST} are tuned, unless you say 'fine-tune all of them'."
    ),
    r"evaluation deployment|why.*(deploy|serve)": (
        f"A model answers only while it is served, so each one that is measured gets an evaluation deployment, at most "
        f"{EVALUATION_DEPLOYMENTS} at once, which is scaled to 0 right after its evaluation. Only the winner's deployment stays."
    ),
    **_SHARED,
    r"hyperparameter|\bsweep\b|candidates?": (
        f"The sweep trains each candidate configuration on at most {SWEEP_ROWS:,} rows and ranks those of one model by accuracy "
        "on the validation rows; the best of each model then trains on all training and validation rows."
    ),
    r"validation loss|\bloss\b": (
        "Loss is the mean negative log-likelihood, in nats per assistant token. It is recorded for every job, but a "
        "classification is decided by accuracy."
    ),
    r"held.?out|test (split|set|rows)|\bsplits?\b": (
        f"Rows are split once with seed {SEED}, each label in proportion: {COMPARED_TEST_FRACTION:.0%} are held-out rows, "
        f"{VALIDATION_FRACTION:.0%} of the rest validation rows. Equal prompts stay on one side."
    ),
}
TERMS: Mapping[str, Terms] = {SFT.name: _SFT, CLASSIFICATION.name: _CLASSIFICATION}
"""By workflow; those of supervised fine-tuning stand for sessions that have none yet."""
