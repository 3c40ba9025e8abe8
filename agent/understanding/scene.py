"""A text prepared for the readers of slots: names as marks, English words, numbers in digits, lower case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.understanding import patterns as re
from agent.understanding.keeping import without_double_negation
from agent.understanding.label_merges import Merges, take_merges
from agent.understanding.labels import Labels, take_labels
from agent.understanding.languages import to_english
from agent.understanding.models import Mention, billions, mask_models
from agent.understanding.names import Name, Named, mask_resources, mask_short_ids
from agent.understanding.numbers import plain_numbers
from agent.understanding.references import with_references
from agent.understanding.rubric import take_rubric
from agent.understanding.spoken import as_written
from agent.understanding.text import bounded, normalised
from agent.understanding.typos import corrected

_QUOTED_SENTENCE = re.compile(r"\"(?:[^\s\"]+[ ,]+){4,40}[^\s\"]+\"")
"""Five words or more between quotes are somebody's sentence, not a name."""
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+|(?<=\?)")


@dataclass(frozen=True)
class Scene:
    """What the readers look at. `text` is lower case; marks are ⟦m0⟧ models, ⟦d0⟧ datasets, ⟦e0⟧ evaluators."""

    text: str
    sentences: tuple[str, ...]
    models: tuple[Mention, ...]
    names: dict[str, Name]
    labels: Labels
    merges: Merges
    rubric: str | None
    cased: str
    """The text with its capitals, names of models and resources still marked: for what is kept as written."""

    def model(self, mark: str) -> Mention:
        """The model behind a mark such as ⟦m0⟧."""
        return self.models[int(mark[2:-1])]


def stage(own: str, known_models: Sequence[str] = (), context: str = "", guess: bool = True) -> Scene:
    """Prepares a person's own words (quotations already taken out). Linear in the text's length.

    `context` holds what a bare size ("the 14B") refers to; `guess` lets an odd hyphenated word stand for a dataset.
    """
    text = as_written(normalised(bounded(own)))
    resources = mask_resources(text)
    text, rubric = take_rubric(resources.text)
    merges, text = take_merges(_QUOTED_SENTENCE.sub(" ", text))
    labels = take_labels(text)
    masked = mask_models(labels.rest, known_models, context)
    english = corrected(to_english(masked.text))
    named = mask_short_ids(Named(english, resources.names), guess)
    resolved = with_references(named.text.lower(), lambda mark: billions(masked.mentions[int(mark[2:-1])]))
    plain = without_double_negation(plain_numbers(resolved))
    sentences = tuple(s.strip() for s in _SENTENCE.split(plain) if s and s.strip())
    return Scene(plain, sentences, masked.mentions, named.names, labels, merges, rubric, named.text)
