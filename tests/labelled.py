"""Labelled data for tests: small texts whose words tell the label."""

from __future__ import annotations

from typing import Any

WORDS = {
    "billing": ("invoice", "charge", "refund", "payment"),
    "technical": ("crash", "error", "login", "update"),
    "sales": ("quote", "discount", "demo", "licence"),
}


def labelled_rows(count: int, labels: tuple[str, ...] = tuple(WORDS), truth: bool = True) -> list[dict[str, Any]]:
    """`count` distinct chat rows, the labels in turn; without `truth` the label is the final assistant turn alone."""
    rows = []
    for number in range(count):
        label = labels[number % len(labels)]
        words = WORDS.get(label, (label, f"{label}x"))
        text = f"{words[number // len(labels) % len(words)]} {words[0]} case {number}"
        messages = [{"role": "user", "content": text}, {"role": "assistant", "content": label}]
        rows.append({"messages": messages, **({"ground_truth": label} if truth else {})})
    return rows
