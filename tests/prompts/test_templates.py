"""Every template takes exactly the fields of its model, and its texts are the ones that were read and agreed to."""

from __future__ import annotations

import os
import re
from pathlib import Path

import jinja2.meta
import pytest
from pydantic import ValidationError

from prompts import plan, questions, report, report_classification, scoreboard, scores
from prompts.base import FOLDER, Prompt, environment
from tests.prompts.every_sample import SAMPLES

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
REWRITE = "FIREAGENT_WRITE_SNAPSHOTS"
OPENING = r"^\s*(?:{%[^%]*%}\s*)*({{.*?}})"
FRAMES = (plan.PlanFrame, report.Frame, report.MessageFrame, report_classification.Facts)
PROMPTS = [
    value
    for module in (plan, scoreboard, scores, questions, report, report_classification)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, Prompt) and value is not Prompt and value not in FRAMES
]


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda p: p.__name__)
def test_variables_are_the_fields(prompt: type[Prompt]) -> None:
    parsed = (prompt.environment().parse(source) for source in prompt.sources().values())
    used = set[str]().union(*map(jinja2.meta.find_undeclared_variables, parsed))
    assert used == set(prompt.model_fields)


def test_files_are_the_templates_of_the_gates_and_reports() -> None:
    declared = {name for prompt in PROMPTS for name in prompt.sources()}
    files = {path.name for path in FOLDER.glob("*.j2") if not path.name.startswith("planner.")}
    assert files == declared


def test_every_prompt_has_a_sample() -> None:
    assert {type(sample) for sample in SAMPLES.values()} == set(PROMPTS)


@pytest.mark.parametrize("name", SAMPLES)
def test_golden_text(name: str) -> None:
    path = SNAPSHOTS / f"{name}.txt"
    text = SAMPLES[name].render()
    if os.environ.get(REWRITE):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{REWRITE}=1 rewrites the golden texts"


def test_no_golden_text_is_left_over() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == set(SAMPLES)


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda p: p.__name__)
def test_no_line_begins_with_foreign_text(prompt: type[Prompt]) -> None:
    """A line that opens with a value could pass for a line of the CLI's output or of Markdown's structure."""
    sources = prompt.sources().values()
    opening = [found for source in sources for found in re.findall(OPENING, source, re.MULTILINE)]
    assert [value for value in opening if not re.search(r"\| (block|verbatim|deeper) -?}}$", value)] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_no_shorthand_of_the_documents_reaches_the_user(name: str) -> None:
    assert not re.search(r"\bPath [ABC]\b", SAMPLES[name].render())


def test_a_prompt_is_frozen_and_takes_nothing_unknown() -> None:
    refusal = SAMPLES["refusal"]
    with pytest.raises(ValidationError):
        refusal.asked = "something else"  # type: ignore[attr-defined]
    with pytest.raises(ValidationError):
        type(refusal).model_validate({**dict(refusal), "tone": "kind"})


def test_the_digest_names_the_wording() -> None:
    digests = {prompt.digest() for prompt in PROMPTS}
    assert len(digests) == len(PROMPTS)
    assert all(re.fullmatch("[0-9a-f]{12}", digest) for digest in digests)


@pytest.mark.parametrize("source", ["{{ nothing_such }}", "{{ none }}", "{{ 0.1 }}", "{{ true }}", "{{ [1] }}"])
def test_what_was_not_made_for_printing_is_not_printed(source: str) -> None:
    with pytest.raises((jinja2.UndefinedError, TypeError)):
        environment().from_string(source).render()
