"""Conversations to rows of tokens: whole conversations side by side in a row, padding only where none fits.

Positions begin anew with each conversation, by which transformers keeps a row's conversations from seeing one another.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from tokenizers import Tokenizer

from .corpus.messages import Conversation
from .tokenizer import END, PAD, ROLES

# The answers always count. A prompt's wording is worth learning too, but its names and numbers cannot be foretold and
# the output layer is a third of the work: so prompts count in one conversation of five only.
_PROMPT_COUNTS_EVERY = 5
_BUFFER = 64


class Rows(NamedTuple):
    """Each (rows, length) int64: tokens; places within their conversation; 1 on answers; 1 where the loss counts."""

    ids: torch.Tensor
    positions: torch.Tensor
    answers: torch.Tensor
    counted: torch.Tensor


def encode(tokenizer: Tokenizer, conversations: list[Conversation]) -> Iterator[tuple[list[int], list[int]]]:
    """Token ids of each conversation as the chat template renders it (a test holds them equal), and 0/1 per token:
    whether it is part of an answer."""
    special = tokenizer.get_vocab(with_added_tokens=True)
    turns = [turn for conversation in conversations for turn in conversation]
    bodies = iter(tokenizer.encode_batch([turn["content"] for turn in turns], add_special_tokens=False))
    for conversation in conversations:
        ids: list[int] = []
        answers: list[int] = []
        for turn in conversation:
            body = [*next(bodies).ids, special[END]]
            ids += [special[ROLES[turn["role"]]], *body]
            answers += [0] + [int(turn["role"] == "assistant")] * len(body)
        yield ids, answers


def pack(tokenizer: Tokenizer, stream: Iterable[Conversation], rows: int, length: int, joined: bool = False) -> Rows:
    """Fills `rows` rows of `length` tokens, each time with the longest waiting conversation that still fits.

    With `joined` positions run on, and the conversations of a row see one another.
    """
    ids = torch.full((rows, length), tokenizer.token_to_id(PAD))
    made = Rows(ids, *(torch.zeros_like(ids) for _ in range(3)))
    source = iter(stream)
    waiting: list[tuple[list[int], list[int]]] = []
    taken = 0
    for row in range(rows):
        used = 0
        while True:
            if len(waiting) < _BUFFER:
                fresh = encode(tokenizer, [next(source) for _ in range(_BUFFER)])
                waiting += [pair for pair in fresh if len(pair[0]) <= length]
            fitting = [i for i, pair in enumerate(waiting) if len(pair[0]) <= length - used]
            if not fitting:
                break
            # At the row's start any will do; towards its end the longest that fits wastes least.
            chosen = fitting[0] if used < length // 2 else max(fitting, key=lambda i: len(waiting[i][0]))
            some_ids, some_answers = waiting.pop(chosen)
            place = slice(used, used + len(some_ids))
            made.ids[row, place] = torch.tensor(some_ids)
            made.positions[row, place] = torch.arange(len(some_ids)) + (used if joined else 0)
            made.answers[row, place] = torch.tensor(some_answers)
            made.counted[row, place] = 1 if taken % _PROMPT_COUNTS_EVERY == 0 else made.answers[row, place]
            used += len(some_ids)
            taken += 1
        if joined:
            made.positions[row, used:] = torch.arange(used, length)
    return made
