"""LoRA tuning on real banking requests of 15 intents, and what it has to be compared with."""

import json
import time
from pathlib import Path
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ..corpus.messages import Conversation
from .generation import answers
from .tuning import tuned

Row = dict[str, Any]


def rows(folder: Path, part: str) -> list[Conversation]:
    """The conversations of clinc-banking-train.jsonl or -test.jsonl."""
    lines = (folder / f"clinc-banking-{part}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["messages"] for line in lines]


def accuracy(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, test: list[Conversation]) -> tuple[int, int]:
    """(greedy replies equal to the intent, rows)."""
    replies = answers(model, tokenizer, [row[:-1] for row in test], max_new_tokens=12)
    return sum(reply == row[-1]["content"] for reply, row in zip(replies, test, strict=True)), len(test)


def measure(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    train: list[Conversation],
    test: list[Conversation],
    **tuning: Any,
) -> tuple[int, int, float]:
    """(right, rows, CPU seconds of tuning, all threads together: what a quiet machine needs on one core)."""
    begun = time.process_time()
    model = tuned(model, tokenizer, train, **tuning)
    seconds = time.process_time() - begun
    return *accuracy(model, tokenizer, test), seconds


def bag_of_words(train: list[Conversation], test: list[Conversation]) -> tuple[int, int]:
    """TF-IDF of words and pairs of words with logistic regression: (right, rows)."""
    texts, labels = ([row[i]["content"] for row in train] for i in (-2, -1))
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=30, max_iter=1000)
    )
    pipeline.fit(texts, labels)
    said = pipeline.predict([row[-2]["content"] for row in test])
    return sum(a == row[-1]["content"] for a, row in zip(said, test, strict=True)), len(test)
