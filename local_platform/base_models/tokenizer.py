"""The family's tokenizer: byte-level BPE over the generated text, one for all sizes.

Two choices serve copying. A capitalised word or a number never swallows the space before it, so a name has the same
tokens in a sentence, in quotes, in brackets and at the start of an answer. Numbers are cut into pairs of digits from
the left. A lower-case word does carry its space, and each turn is given one in front (removed on decoding), so a label
in a list and the same label as a whole answer are the same tokens too.
"""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from .corpus.messages import Conversation
from .corpus.mix import conversations
from .corpus.words import all_words

VOCABULARY = 3072
PAD, END = "<|pad|>", "<|end|>"
ROLES = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|assistant|>", "tool": "<|tool|>"}
SPECIAL = (PAD, END, *ROLES.values(), "<|call|>")
_SEED = 20_000_000
# Everyday words count as if met this often, else made-up names would take most of the vocabulary.
_WORD_COUNT = 400
_WORDS = Regex(
    r"'(?:s|t|re|ve|m|ll|d)\b| ?\p{Ll}+|\p{Lu}\p{Ll}+|\p{Lu}{1,2}|\p{N}{1,2}|\n+| ?[^\s\p{L}\p{N}]{1,3}|\s|\p{L}"
)


def train(conversation_count: int = 40_000) -> Tokenizer:
    """Trains the tokenizer on the first conversations of a stream of its own seed; the same result every time."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Prepend(" ")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_WORDS, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.Sequence([decoders.ByteLevel(), decoders.Strip(" ", 1, 0)])
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    stream = itertools.islice(conversations(_SEED), conversation_count)
    tokenizer.train_from_iterator(_texts(stream), trainer)
    return tokenizer


def _texts(stream: Iterable[Conversation]) -> Iterator[str]:
    for conversation in stream:
        yield from (turn["content"] for turn in conversation)
    plain = " ".join(all_words())
    yield from itertools.repeat(plain, _WORD_COUNT)
    yield from itertools.repeat(" ".join(word.capitalize() for word in all_words()), _WORD_COUNT // 10)


def wrap(tokenizer: Tokenizer, context: int) -> PreTrainedTokenizerFast:
    """The tokenizer as transformers loads it, with the family's chat template and no start token."""
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
    wrapped.chat_template = Path(__file__).with_name("chat_template.jinja").read_text("utf-8")
    return wrapped
