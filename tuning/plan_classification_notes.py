"""What a classification plan tells beside its items: labels, splits, who goes on by which rule, and what to look at first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tuning.lists import first_of
from tuning.material import LabelSet, Material, ModelFacts, Site
from tuning.one_label import normal
from tuning.plan import Candidate, Interval, PlanItem
from tuning.plan_notes import SAID, budget_warnings
from tuning.request import Request
from tuning.workflows import (
    EVALUATION_DEPLOYMENTS,
    EVALUATION_HOURS,
    STRONGEST,
    Decision,
    held_out,
    training_context,
)

TARGETS: Mapping[str, str] = {"accuracy": "accuracy", "score": "accuracy", "macro_f1": "macro-F1"}
"""Metric of a target that a classification can be judged by -> its name."""
SHOWN = 40
"""Labels that a sentence names; the others are counted."""


def decisions(
    request: Request,
    material: Material,
    epochs: tuple[int, ...],
    origins: dict[str, str],
    candidates: tuple[Candidate, ...],
    models: tuple[ModelFacts, ...],
    site: Site,
    cap: int,
) -> tuple[Decision, ...]:
    """The values of the plan with their sources, for the user to read. `origins` says why each model has its grid."""
    assert material.labels is not None
    found = [*_of_labels(request, material.labels), *_of_benchmark(material, models, site)]
    if candidates:
        found += _of_training(request, material, epochs, origins, candidates, len(models), cap)
    else:
        found.append(
            Decision(name="Fine-tuning", value="none: the base models are measured and nothing else", source=SAID)
        )
    if request.target:
        found += _target(request)
    found.append(Decision(name="Seed of splits and subsample", value="42", source="fixed"))
    return (*found, *(Decision(name="Data", value=note, source="preparation") for note in material.notes))


def _of_labels(request: Request, labels: LabelSet) -> Iterator[Decision]:
    yield Decision(
        name="Labels", value=f"{len(labels.labels):,}: {first_of(labels.labels, SHOWN)}", source=labels.source
    )
    yield Decision(name="Where a row's label is read", value=labels.rule, source="found in the data")
    several = "several labels a row" if labels.multi_label else "one label a row"
    yield Decision(name="Task", value=several, source="found in the data")
    where = "the labels are listed in the system message, in training and in evaluation alike"
    if not labels.listed_in_prompt:
        where = (
            "the labels are not listed in the prompt, for the list is too long: a base model has to guess their names"
        )
    yield Decision(name="Prompt", value=where, source="default")
    if request.rebalance == "none":
        yield Decision(name="Imbalance", value="the rows stay as they are", source=SAID)
    if labels.mitigation:
        yield Decision(name="Imbalance", value=labels.mitigation, source=SAID)


def _of_benchmark(material: Material, models: tuple[ModelFacts, ...], site: Site) -> Iterator[Decision]:
    what = "exact match of a row's labels" if material.labels and material.labels.multi_label else "accuracy"
    rows = material.part("test") or material.part("validation")
    count = f" on the {rows.rows:,} held-out rows" if rows else ""
    value = f"{what}{count}; an answer counts when it names the right label unmistakably, and the strict reading (the label and nothing else) stands beside it"
    yield Decision(name="What decides", value=value, source="default")
    names = ", ".join(model.name.rsplit("/", 1)[-1] for model in models)
    yield Decision(name="Benchmark", value=f"{names}, untuned, on the same rows", source=SAID)
    hours = "" if site.prices.free else f"priced for up to {EVALUATION_HOURS[1]:g} hour each, "
    value = f"{hours}scaled to 0 right after use, at most {EVALUATION_DEPLOYMENTS} up at once"
    yield Decision(name="Evaluation deployments", value=value, source="default")


def _of_training(
    request: Request,
    material: Material,
    epochs: tuple[int, ...],
    origins: dict[str, str],
    candidates: tuple[Candidate, ...],
    models: int,
    cap: int,
) -> Iterator[Decision]:
    if request.tune_models:
        names = ", ".join(name.rsplit("/", 1)[-1] for name in origins)
        yield Decision(name="Models that are tuned", value=f"{names}; the others are only benchmarked", source=SAID)
    elif models > STRONGEST:
        rule = f"the {STRONGEST} base models with the best accuracy; with 'fine-tune all of them' every one"
        value, source = (f"all {models} models", SAID) if request.tune_all else (rule, "default")
        yield Decision(name="Models that are tuned", value=value, source=source)
    named = {candidate.base_model for candidate in candidates}
    origins = {name: origin for name, origin in origins.items() if name in named}
    alone = [name.rsplit("/", 1)[-1] for name in origins if sum(1 for c in candidates if c.base_model == name) == 1]
    if alone:
        why = SAID if request.skip_sweep or request.candidate else "one configuration leaves nothing to compare"
        yield Decision(name="Sweep", value=f"none for {', '.join(alone)}", source=why)
    if len(alone) < len(origins):
        value = "of each model the configuration with the best accuracy on the validation rows"
        yield Decision(name="Who gets the full run", value=value, source="default")
    if request.skip_final_run and len(alone) < len(origins):
        yield Decision(name="Full run", value="skipped: the best of the sweep are compared as they are", source=SAID)
    if request.candidate is None:
        value = "the tuned model with the best accuracy on the held-out rows"
        yield Decision(name="Winner", value=value, source="default")
    else:
        yield Decision(name="Winner", value=f"candidate {request.candidate}, whatever its accuracy", source=SAID)
    why = SAID if request.epochs else f"min(5, ceil(2500 / {material.total_rows} samples))"
    yield Decision(name="Epochs", value=", ".join(map(str, epochs)), source=why)
    for name, origin in origins.items() if request.candidate is None else ():
        yield Decision(name=f"Grid for {name.rsplit('/', 1)[-1]}", value="see the candidates", source=origin)
    why = SAID if request.max_parallel_jobs else "default"
    yield Decision(name="Active jobs at once", value=f"at most {cap}", source=why)
    if request.batch_size:
        yield Decision(name="Batch size", value=str(request.batch_size), source=SAID)
    if request.max_context_length:
        taken = training_context(request.max_context_length)
        why = SAID if taken == request.max_context_length else f"you said {request.max_context_length}; rounded down"
        yield Decision(name="Context length", value=str(taken), source=why)
    if not request.deploy:
        yield Decision(name="Deployment", value="none", source=SAID)


def _target(request: Request) -> Iterator[Decision]:
    target = request.target
    if target is not None and target.metric in TARGETS:
        value = f"{TARGETS[target.metric]} of at least {target.value:.4g} on the held-out rows; the report says whether it was reached"
        yield Decision(name="Target", value=value, source=SAID)


def warnings(
    request: Request, material: Material, site: Site, items: tuple[PlanItem, ...], cost: Interval
) -> tuple[str, ...]:
    """What a person should look at before approving."""
    assert material.labels is not None
    found = [*_label_warnings(material.labels, request.rebalance != "none"), *material.warnings]
    if request.budget_usd is not None:
        found += budget_warnings(request.budget_usd, site, items, cost)
    if not held_out(request) and not request.benchmark_only:
        found.append("The full runs also train on the rows that they are judged on: no held-out gain can be claimed.")
    if request.target and request.target.metric not in TARGETS:
        metric = request.target.metric.replace("_", " ")
        found.append(
            f"Your target of {request.target.value:g} for the {metric} can't be judged: this plan measures accuracy "
            "and macro-F1. Give a target for one of these, or approve without one."
        )
    if request.evaluation in ("evaluator", "generated", "rubric"):
        found.append("No evaluator or rubric is used: a classification is judged by its labels, on the held-out rows.")
    if request.evaluation == "validation_loss":
        found.append("You asked for validation loss: it is recorded, but candidates are ranked by accuracy here.")
    points = max(1, len(request.lora_ranks)) * max(1, len(request.learning_rates))
    if request.skip_sweep and points > 1:
        found.append(f"You named {points} configurations and no sweep: of each model only the first is trained.")
    trains = any(item.phase == "sweep" and item.kind == "train" for item in items)
    if request.skip_final_run and not trains and not request.benchmark_only:
        found.append("You skipped the full run, but it is the only training here, so it stays.")
    return tuple(found)


def _label_warnings(labels: LabelSet, proposes: bool) -> Iterator[str]:
    if labels.imbalance is not None and labels.imbalance > labels.threshold and not labels.mitigation:
        yield from _imbalance(labels, proposes)
    if labels.empty:
        yield f"Labels of your list without a single row: {first_of(labels.empty, SHOWN)}. Nothing can be learnt about them."
    if labels.unseen:
        yield (
            f"Held-out rows have labels that no training row has: {first_of(labels.unseen, SHOWN)}. A tuned model can't learn them, "
            "and such rows will count as wrong where it does not name them all the same."
        )
    alike = sum(1 for written, label in labels.merges if normal(written) == normal(label))
    if alike:
        yield (
            f"Spellings that count as another spelling's label: {alike:,}. They are listed under Labels; say \"don't merge "
            'them" and each is a label of its own.'
        )


def _imbalance(labels: LabelSet, proposes: bool) -> Iterator[str]:
    ranked = [pair for pair in sorted(labels.counts, key=lambda pair: -pair[1]) if pair[1]]
    most, least = ranked[0], ranked[-1]
    yield (
        f"The labels are imbalanced: {most[0]!r} has {most[1]:,} training rows and {least[0]!r} {least[1]:,}, "
        f"{labels.imbalance:.1f} times as many; that is above the threshold of {labels.threshold:g}."
    )
    if proposes:
        yield (
            "Against the imbalance I can repeat the rows of rare labels (say 'oversample'), cut the frequent ones down (say "
            f"'undersample') or leave labels out (say 'leave out the label {least[0]}'). Without a word the rows stay as they are."
        )
