"""A finished classification session beside TF-IDF with logistic regression, on the same training and held-out rows.

    python benchmarks/classification.py WORKSPACE

WORKSPACE is the folder of a session that has ended (`fireagent session get ID` names it). Its models' answers are read as
the report reads them; the linear model gets the last user turn of each row. Prints one table:
accuracy with Wilson's 95% interval, and each model against the linear one (paired difference, Newcombe; exact McNemar).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.answers_file import read_replies
from tuning.formats import labels_of, prompt_of
from tuning.judgement import Answer, compare, score

Row = dict[str, Any]


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def asked(row: Row) -> str:
    """What the user says in a row."""
    return str([message["content"] for message in prompt_of(row) if message["role"] == "user"][-1])


def linear(train: Sequence[Row], test: Sequence[Row]) -> list[str]:
    """The linear model's label for each held-out row."""
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=30, max_iter=1000)
    )
    model.fit([asked(row) for row in train], [labels_of(row)[0] for row in train])
    return [str(label) for label in model.predict([asked(row) for row in test])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    workspace = parser.parse_args().workspace
    report = json.loads((workspace / "final_report.json").read_text("utf-8"))
    labels = report["labels"]["labels"]
    train, test = (rows(workspace / "datasets" / f"{name}.jsonl") for name in ("full", "test"))
    truths = [labels_of(row) for row in test]
    simple = score([Answer(truth, text) for truth, text in zip(truths, linear(train, test), strict=True)], labels)
    print("| model | accuracy | 95% interval | strict | macro-F1 | minus TF-IDF | 95% interval | McNemar p |")
    print("|---|---|---|---|---|---|---|---|")
    for model in (each for each in report["models"] if each["split"] == "test"):
        replies = read_replies(workspace / model["answers_path"], truths)
        answers = [Answer(truth, replies[row].text if row in replies else None) for row, truth in enumerate(truths)]
        found = score(answers, labels)
        gap = compare(simple.correct_rows, found.correct_rows)
        print(
            f"| {model['title']} | {found.accuracy:.1%} | {found.low:.1%} to {found.high:.1%} "
            f"| {found.strict_correct / found.rows:.1%} | {found.macro_f1:.3f} "
            f"| {gap.gain:+.1%} | {gap.low:+.1%} to {gap.high:+.1%} | {gap.p_value:.2g} |"
        )
    print(
        f"| TF-IDF + logistic regression | {simple.accuracy:.1%} | {simple.low:.1%} to {simple.high:.1%} | | {simple.macro_f1:.3f} | | | |"
    )


if __name__ == "__main__":
    main()
