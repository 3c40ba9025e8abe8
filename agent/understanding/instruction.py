"""Reading an instruction: free text to a typed Request, with what is missing, refused and unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from agent.understanding import patterns as re
from agent.understanding.agents import other_vendors_name, read_methods, read_tasks
from agent.understanding.budget import lifts_budget, read_budget
from agent.understanding.carried import with_carried_kinds
from agent.understanding.corrections import in_force, is_future, is_plain_question, without_withdrawn_numbers
from agent.understanding.datasets import read_datasets, read_evaluator
from agent.understanding.grid import read_grid
from agent.understanding.label_tables import labels_of_table
from agent.understanding.label_wishes import only_tuned, read_dropped_labels, read_rebalance, wants_all_tuned
from agent.understanding.leftovers import not_held, partly_read
from agent.understanding.limits import declines_deployment, read_imbalance, read_limits
from agent.understanding.menus import chosen_rows
from agent.understanding.not_applied import not_applied
from agent.understanding.preference import declines_pairs, read_method, wants_model_sweep, wants_pairs
from agent.understanding.questions import missing_inputs, questions_for
from agent.understanding.quoting import same_as_logged, settings_in, split_quoted
from agent.understanding.refusals import read_refusals
from agent.understanding.reopened import reopened, text_after
from agent.understanding.result import Reading, UnknownModel
from agent.understanding.roles import Roles, read_roles
from agent.understanding.scene import Scene, stage
from agent.understanding.scoring import read_evaluation
from agent.understanding.tables import tables_in_force
from agent.understanding.targets import UNNAMED_METRICS, read_target
from agent.understanding.workflow import only_benchmarks, read_workflow
from tuning.models import all_ids, nearest, pieces
from tuning.request import Request, Workflow

_SEE_BELOW = re.compile(
    r"\b(?:see below|as below|below is|attached|forward\w*|fwd|fw:|following|quoted|as (?:anna|described|requested|asked|he|she|they)|what (?:he|she|they|\w+) (?:asks?|wants?|wrote|needs?|says)|(?:his|her|their) (?:mail|request|wish\w*)|the mail)\b"
)
_RUN_THIS = re.compile(
    r"^\W*(?:\w+\W*){0,3}$|\b(?:this|these|that|following|below|here|here's|config\w*|settings|parameters|params|flags|command|script|block|json|yaml|spec|go|it)\b",
    re.IGNORECASE,
)
"""Words that hand on a block of settings as the order itself: "run this", "here's the config", or hardly any words."""
_WEIGHS = re.compile(
    r"^[^.!]*⟦m\d+⟧[^.!]*\bor\b[^.!]*⟦m\d+⟧[^.!]*\?$"
    r"|^(?:\[[^\]]{1,20}\] ?)?(?:\w+: )?(?:(?:or|and|so|maybe|perhaps|how about|what about|why not)[, ]+)?(?:the |a )?⟦m\d+⟧(?: then| maybe| perhaps)?\?$"
)
"""A question that weighs two models: a decision elsewhere in the text outdoes it."""
_NOT_THIS = re.compile(
    r"\b(?:last (?:time|week|month|year)|yesterday|previous\w*|old (?:run|config|settings)|used to|example|output|log|error|failed|crashed|do not use|don'?t use|for (?:your |the )?(?:information|reference|record)|fyi|do not repeat|don'?t repeat|not repeat|what (?:we|i|they) (?:ran|did|used|had|tried)|we ran|attempt|instead of (?:this|these|that))\b",
    re.IGNORECASE,
)
_AGREES_ON = re.compile(
    r"\b(?:agree[ds]?|fine|ok(?:ay)?|right|happy|with (?:him|her|them|you)|go along)\b(?: with \w+)? (?:on|about|as for|regarding|as to|with) (?:the |his |her |their )?(?P<what>data(?: ?set)?|prompts|evaluator|grader|model|settings|budget)\b[^.;\n]{0,20}\b(?:not|but)\b"
)
"""Agreement on one thing of a mail alone: "agreed with Sam on the data, not on the model"."""
_OF_THE_MAIL = {
    "data": ("train_dataset", "eval_dataset"),
    "prompts": ("train_dataset",),
    "evaluator": ("evaluator", "evaluation"),
    "grader": ("evaluator", "evaluation"),
    "model": ("base_models",),
    "settings": ("lora_ranks", "learning_rates", "epochs", "betas"),
    "budget": ("budget_usd",),
}
_OVERRULES = re.compile(
    r"\b(?:notwithstanding|contrary to|despite|ignore|disregard|never mind|whatever (?:he|she|they|\w+) (?:says?|wrote)|against)\b[^.;\n]{0,60}\b(?:below|mail|quote\w*|view|colleague|thread|message)\b"
    r"|\b(?:forget|ignore|disregard|scrap|skip|never mind|don'?t (?:do|follow|run)) (?:what(?:ever)?|everything|all(?: that)?|anything|the things?) (?:he|she|they|\w+)(?: there)? (?:wrote|writes|says?|said|asks?|asked|wants?|wanted|proposed|suggested|has|sent|put)\b"
    r"|\b(?:go by|follow|stick to|use|take) (?:my|our) (?:\w+ )?(?:text|words?|mail|message|list|version|values|settings|numbers)[^.;\n]{0,12}\bnot (?:by |to |the )?(?:hers|his|theirs|\w+'s)\b"
    r"|\b(?:idea|mail|request|wish|proposal|suggestion|plan|message)\b[^.;\n]{0,25}\b(?:is|are) (?:off the table|dead|obsolete|wrong|outdated|void|cancelled|rejected|out\b|not what)"
)
"""Words by which a writer sets a quoted mail aside."""


def read_instruction(text: str, known_models: Iterable[str] = ()) -> Reading:
    """Understands an instruction in any shape. Pure, never raises on text, linear in its length.

    `known_models` are canonical ids besides those of tuning/models.yaml, for example those of the local platform.
    """
    known = tuple(known_models)
    parts = split_quoted(_rows_in_force(text))
    if (settings := settings_in(parts.data)) and _RUN_THIS.search(parts.own) and not _NOT_THIS.search(parts.own):
        parts = replace(parts, own=f"{settings}\n{parts.own}")
    scene = stage(parts.own, known)
    reading = _read(scene, known)
    if reading.request.workflow == "classification" and not reading.request.labels and (table := labels_of_table(text)):
        reading = replace(reading, request=reading.request.model_copy(update={"labels": table}))
    if reading.missing and (same := same_as_logged(parts.own, parts.data)):
        scene = stage(f"{parts.own}\n{same}", known)
        reading = _read(scene, known)
    reading = replace(reading, notes=partly_read(parts.own) + reading.notes)
    if parts.quoted and _needs_quoted(scene, reading.request):
        quoted = _read(stage(parts.quoted, known), known)
        return _merged(reading, quoted, scene.text)
    return reading


def _rows_in_force(text: str) -> str:
    """The text with only those rows and columns of its tables that count; rows that it picks itself stay."""
    chosen = chosen_rows(text)
    return tables_in_force(chosen, picked=chosen != text)


def _needs_quoted(scene: Scene, own: Request) -> bool:
    """Whether the writer hands on a mail ("see below") or leaves out what the mail says."""
    if own.workflow in ("question", "unsupported") or _OVERRULES.search(scene.text):
        return False
    return bool(own.workflow is None or missing_inputs(own) or _SEE_BELOW.search(scene.text))


def _merged(own: Reading, quoted: Reading, own_text: str) -> Reading:
    """The mail's slots under the writer's own: where both speak the writer is right."""
    if own.request.workflow in ("question", "unsupported") or quoted.request.workflow in ("question", "unsupported"):
        return own
    mails = quoted.request.model_dump(exclude_defaults=True)
    if agreed := _AGREES_ON.search(own_text):
        kept = _OF_THE_MAIL[agreed["what"].replace("dataset", "data").replace("data set", "data")]
        mails = {slot: value for slot, value in mails.items() if slot in kept}
    slots = {**mails, **own.request.model_dump(exclude_defaults=True)}
    if own.request.budget_usd is None and lifts_budget(own_text):
        slots.pop("budget_usd", None)
    if own.request.workflow == "sft" and quoted.request.workflow:
        slots["workflow"] = quoted.request.workflow
    request = Request.model_validate(slots)
    unknown = own.unknown_models or (quoted.unknown_models if not own.request.base_models else ())
    missing = missing_inputs(request)
    return Reading(
        request=request,
        missing=missing,
        questions=questions_for(request, missing, unknown),
        refused=tuple(dict.fromkeys(own.refused + quoted.refused)),
        unknown_models=unknown,
        notes=(*own.notes, *quoted.notes, "Some of this was taken from the mail that you quote."),
    )


def _read(scene: Scene, known: tuple[str, ...]) -> Reading:
    present = in_force(with_carried_kinds(scene.sentences))
    numbers = without_withdrawn_numbers(present)
    refusals = read_refusals(present)
    roles = _roles(scene, present)
    datasets = read_datasets(_wishes(scene), scene.names)
    workflow = read_workflow(
        present or scene.text,
        scene.sentences,
        named=bool(roles.tune or datasets.train),
        unsupported=any(r.main for r in refusals),
        extra=any(not r.main for r in refusals),
    )
    slots: dict[str, object] = {"workflow": workflow}
    unknown: tuple[UnknownModel, ...] = ()
    if workflow not in ("question", "unsupported"):
        slots |= _resources(scene, roles, workflow, present)
        slots |= read_grid(numbers) | read_limits(numbers)
        told = without_withdrawn_numbers("\n".join(_statements(scene)))
        slots["budget_usd"] = read_budget(told)
        if slots.get("deploy") is False and not declines_deployment(told):
            slots["deploy"] = None
        slots |= _of_workflow(scene, workflow, present, numbers, bool(slots["base_models"]))
        if taken_back := reopened(present):
            again = read_grid(text_after(numbers))
            slots |= {slot: again.get(slot) for slot in taken_back}
        if workflow == "classification":
            slots |= _tuned_alone(scene, present, slots["base_models"])
        if slots.get("benchmark_only") or workflow == "evaluator":
            slots["train_dataset"] = slots["train_dataset"] or slots["eval_dataset"]
            slots["eval_dataset"] = slots["eval_dataset"] if slots["eval_dataset"] != slots["train_dataset"] else None
        unknown = _unknown(scene, roles, known)
    request = Request.model_validate({k: v for k, v in slots.items() if v is not None and v != ()})
    missing = missing_inputs(request)
    taken = [slot for slot, value in slots.items() if value]
    return Reading(
        request=request,
        missing=missing,
        questions=questions_for(request, missing, unknown),
        refused=tuple(r.words for r in refusals) if workflow != "question" else (),
        unknown_models=unknown,
        notes=(
            *not_held(present, scene.merges.said if workflow != "classification" else "", taken),
            *not_applied(numbers, slots),
        )
        if workflow != "question"
        else (),
    )


def _statements(scene: Scene) -> list[str]:
    """The sentences without plain questions; money is read from all of them, for it tells its own past ("we got $50")."""
    return [s for s in scene.sentences if not is_plain_question(s)]


def _wishes(scene: Scene) -> str:
    """The text without plain questions, unless it has nothing else."""
    kept = [s for s in scene.sentences if not is_plain_question(s)]
    if not any("⟦d" in s for s in kept):
        return scene.text
    return "\n".join(kept) or scene.text


def _roles(scene: Scene, present: str) -> Roles:
    """The models' roles in what is in force; where that names none, in the whole text."""
    sentences = [s for s in present.split("\n") if not is_future(s)]
    weighed = [s for s in sentences if _WEIGHS.search(s)]
    decided = any("⟦m" in s for s in sentences if s not in weighed)
    now = "\n".join(s for s in sentences if not (decided and s in weighed))
    roles = read_roles(now, lambda mark: scene.model(mark).id or scene.model(mark).written.casefold())
    if roles.tune or not re.search(
        r"\bsame\b|\bagain\b|\brepeat\b|\bredo\b|\bas before\b|\bwhat we did\b|\b(?:like|as) last\b", scene.text
    ):
        return roles
    return read_roles(_wishes(scene), lambda mark: scene.model(mark).id or scene.model(mark).written.casefold())


def _resources(scene: Scene, roles: Roles, workflow: Workflow | None, present: str) -> dict[str, object]:
    text = _wishes(scene)
    datasets = read_datasets(text, scene.names)
    evaluator = read_evaluator(text, scene.names)
    ids = tuple(dict.fromkeys(m.id for m in map(scene.model, roles.tune) if m.id))
    teachers = [scene.model(mark) for mark in roles.teachers]
    found: dict[str, object] = {
        "train_dataset": datasets.train,
        "eval_dataset": datasets.eval,
        "base_models": ids,
        "evaluator": evaluator,
        "rubric": scene.rubric,
        "evaluation": read_evaluation(present, evaluator, scene.rubric) if workflow != "evaluator" else None,
    }
    if teachers and (workflow == "trajectories" or "teacher" in scene.text):
        found["teacher_model"] = teachers[-1].id or other_vendors_name(teachers[-1].written)
    return found


def _of_workflow(
    scene: Scene, workflow: Workflow | None, present: str, numbers: str, has_models: bool
) -> dict[str, object]:
    """The slots that only some workflows have."""
    found: dict[str, object] = {"target": read_target(numbers, UNNAMED_METRICS.get(workflow or "sft"))}
    if workflow == "classification":
        found["labels"] = scene.labels.values
        found["imbalance_threshold"] = read_imbalance(numbers)
        found["benchmark_only"] = only_benchmarks(present)
        found |= _of_classification(scene, present)
    elif workflow == "preference":
        found["method"] = read_method(present)
        found["generate_pairs"] = wants_pairs(present) and not declines_pairs(scene.text)
        found["sweep_base_models"] = not has_models and wants_model_sweep(present)
    elif workflow == "trajectories":
        found["tasks"] = read_tasks(present)
        found["methods"] = read_methods(present)
    return found


def _tuned_alone(scene: Scene, present: str, models: object) -> dict[str, object]:
    """ "Compare A and B, only fine-tune A": B is benchmarked and not tuned, or left out with "skip the base-vs-base"."""
    alone, no_bases = only_tuned(present, lambda mark: scene.model(mark).id)
    if not alone or not isinstance(models, tuple) or not set(alone) < set(models):
        return {}
    return {"base_models": alone} if no_bases else {"tune_models": alone}


def _of_classification(scene: Scene, present: str) -> dict[str, object]:
    """What is wished about imbalance and about labels to leave out, and whether all models are to be tuned."""
    how = read_rebalance(present)
    return {
        "rebalance": how if how != "none" else None,
        "drop_labels": () if scene.labels.values else read_dropped_labels(scene.cased),
        "tune_all": wants_all_tuned(present),
        **scene.merges.slots(Request()),
    }


def _unknown(scene: Scene, roles: Roles, known: tuple[str, ...]) -> tuple[UnknownModel, ...]:
    """The models to be trained that the catalogue does not hold, with the nearest that it does."""
    ids = (*all_ids(), *known)
    models = [scene.model(mark) for mark in roles.tune]
    resolved = {pieces(m.id)[0] for m in models if m.id and pieces(m.id)}
    # "a small Qwen, say the 8B": the bare family is no further model.
    named = [
        m for m in models if m.id is None and not (len(pieces(m.written)) == 1 and pieces(m.written)[0] in resolved)
    ]
    written = dict.fromkeys(m.written for m in named)
    return tuple(UnknownModel(w, nearest(w, ids)) for w in written)
