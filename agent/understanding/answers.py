"""The changes that a reply wants, as slots; a bare answer fills the slot that was asked about."""

from __future__ import annotations

from agent.understanding import patterns as re
from agent.understanding.agents import other_vendors_name, read_methods, read_tasks
from agent.understanding.asked_for import left_to_agent, model_of_family, without_count
from agent.understanding.context import slot_asked
from agent.understanding.corrections import in_force, with_unit_of_question, without_withdrawn_numbers
from agent.understanding.datasets import read_datasets, read_evaluator
from agent.understanding.grid import read_grid
from agent.understanding.ids import is_id
from agent.understanding.keeping import taken_back
from agent.understanding.label_wishes import read_dropped_labels, read_rebalance, wants_all_tuned
from agent.understanding.labels import take_labels
from agent.understanding.limits import read_imbalance, read_limits
from agent.understanding.numbers import values
from agent.understanding.preference import read_method, wants_model_sweep, wants_pairs
from agent.understanding.relative import models_after, read_relative
from agent.understanding.reply_data import may_be_id, sets_data
from agent.understanding.reply_words import for_readers
from agent.understanding.result import Gate
from agent.understanding.roles import read_roles
from agent.understanding.scene import Scene, stage
from agent.understanding.scoring import read_evaluation
from agent.understanding.targets import UNNAMED_METRICS, read_target
from tuning.request import Request

_LEAD = re.compile(
    r"^(?:what|how) about |^why not |^why don'?t (?:you|we) |^(?:can|could|would|will) (?:you|we) (?:please )?|^shall we |^should we "
)
_CANDIDATE = re.compile(
    r"\b(?:candidate|config(?:uration)?|option|number|no\.?|nr\.?|kandidat\w*|candidat\w*|variant|run|job|setup|model)\s?(?:number |no\.? |nr\.? )?#? ?(?P<n>\d{1,2})\b(?! ?(?:epochs?|b\b|%|usd|dollars|\.\d))|#(?P<m>\d{1,2})\b|\b(?P<w>second|third|fourth|fifth|2nd|3rd|4th|5th|first|1st)[ -](?:one|candidate|config\w*|option|best|place|1|that|ranked|row)\b|候选 ?(?P<z>\d{1,2})"
)
_ORDINALS = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "fifth": 5,
    "5th": 5,
}
_NOT_CANDIDATE = re.compile(
    r"\b(?:not|instead of|rather than|over|than|no|cancel|drop|skip|kill|scrap|without|except|exclude|reject|ignore)(?: the)?\s*$"
)
_OWN_EVALUATOR = re.compile(r"\b(?:my|our|an?) own (?:evaluator|one|grader|scorer)\b|\bown evaluator\b")
_GENERATED = re.compile(
    r"\b(?:agent[- ]generated|generated?|write|build|create|make)(?: \w+){0,3}\b(?:one|evaluator|it|yourself|for me)?\b|\byou (?:write|generate|build)\b|\bthe (?:third|last|generated) (?:one|option)?|\bone you (?:generate|write)"
)
_BENCHMARK_ONLY = re.compile(
    r"\b(?:just|only) (?:(?:do|run|want|need|show|give) )?(?:me )?(?:the |a )?(?:base )?benchmark|\bbenchmark(?:s|ing)? (?:only|alone)\b|\bbenchmark\b[^.;\n]{0,20}, (?:but )?(?:no|without|skip the) (?:training|fine-?tuning|tuning)\b|\b(?:do not|don'?t) fine-?tune\b(?! (?:the )?\S*\d)"
)
_TEACHER = re.compile(
    r"\bteacher(?: model)?(?: (?:should|shall|must|has to|is|to|be|as|being|will|has|now|please|from ⟦m\d+⟧ to))*[:=]? ?(?:use |take )?(?P<mark>⟦m\d+⟧)|(?P<before>⟦m\d+⟧) (?:(?:should|shall|must|is|be|to|will|instead|please) )*(?:as |be )?(?:the |our |a )?teacher\b"
)
_UP_FRONT = re.compile(
    r"\b(?:under|below|less than|at most|no more than|max(?:imum)?|up to|within|cheaper than|over|above|exceed\w*|limit|cap|budget)\b[^.;]{0,25}?\$? ?(\d+(?:\.\d+)?) ?(?:\$|usd|dollars?|bucks)?"
)


def read_changes(
    own: str, gate: Gate, context: str, known_models: tuple[str, ...], current: Request
) -> dict[str, object]:
    """The slots that a reply sets, as plain JSON values; empty when it sets none. `current` is what stands."""
    own = for_readers(own, at_candidates=gate in ("promotion", "comparison"))
    scene = stage(own, known_models, f"{context} {' '.join(current.base_models)}", guess=False)
    sentences = tuple(_LEAD.sub("please ", s) for s in scene.sentences)
    present = in_force(tuple(s.rstrip("?") if s != o else s for s, o in zip(sentences, scene.sentences, strict=True)))
    numbers = without_withdrawn_numbers(with_unit_of_question(present, scene.text))
    found: dict[str, object] = {**read_grid(numbers), **read_limits(numbers), **_resources(scene, present, current)}
    found |= _choices(scene, present, numbers, current) | read_relative(numbers, current)
    if found.get("subsample"):
        found.pop("skip_sweep", None)  # "no tuning on everything, 300 rows will do" asks for a tuning
    if gate in ("promotion", "comparison"):
        found |= _candidate(present)
        found = found if found.get("candidate") or found.get("base_models") else found | model_of_family(own, context)
    found = {slot: value for slot, value in found.items() if value not in (None, (), [], False) or slot == "deploy"}
    if gate == "question" and set(found) <= _GUESSED:
        answer = left_to_agent(own, context) or _bare_answer(scene, own, context, current)
        read_already = answer.keys() <= found.keys() - {"labels"}
        found = found if found and read_already else answer or found or _from_options(own, context, known_models)
    found |= _about_labels(scene, present, found)
    kept = {slot: value for slot, value in found.items() if value not in (None, (), [], False) or slot == "deploy"}
    if read_rebalance(present) == "none":
        kept = {"rebalance": None, **kept}
    if current.workflow in (None, "classification"):
        kept |= scene.merges.slots(current)
    return {slot: _plain(value) for slot, value in {**taken_back(present), **kept}.items()}


def _about_labels(scene: Scene, present: str, found: dict[str, object]) -> dict[str, object]:
    """Rebalancing, labels to leave out, and whether all models are to be tuned."""
    how = read_rebalance(present)
    return {
        "rebalance": how if how != "none" else None,
        "drop_labels": () if "labels" in found else read_dropped_labels(scene.cased),
        "tune_all": wants_all_tuned(present),
    }


def _plain(value: object) -> object:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _resources(scene: Scene, present: str, current: Request) -> dict[str, object]:
    data = {mark: name for mark, name in scene.names.items() if name.kind == "dataset"}
    for mark in [mark for mark, name in data.items() if not sets_data(present, mark, name, current)]:
        present = present.replace(mark, data[mark].written)
    datasets = read_datasets(present, scene.names)
    evaluator = read_evaluator(present, scene.names)
    roles = read_roles(present, lambda mark: scene.model(mark).id or scene.model(mark).written.casefold())
    ids = tuple(dict.fromkeys(m.id for m in map(scene.model, roles.tune) if m.id))
    gone = [m.id for m in map(scene.model, roles.withdrawn) if m.id]
    taught = {m["mark"] or m["before"] for m in _TEACHER.finditer(present)}
    if taught and all(mark in taught for mark in roles.tune):
        ids = ()
    ids = models_after(present, ids, gone, current.base_models) or ids
    return {"train_dataset": datasets.train, "eval_dataset": datasets.eval, "evaluator": evaluator, "base_models": ids}


def _choices(scene: Scene, present: str, numbers: str, current: Request) -> dict[str, object]:
    target = read_target(numbers, UNNAMED_METRICS.get(current.workflow) if current.workflow else None)
    return {
        "evaluation": read_evaluation(present, read_evaluator(present, scene.names), scene.rubric),
        "rubric": scene.rubric,
        "labels": () if read_dropped_labels(present) else scene.labels.values,
        "rebalance": read_rebalance(present),
        "drop_labels": read_dropped_labels(present),
        "tune_all": wants_all_tuned(present),
        "imbalance_threshold": read_imbalance(numbers) if "imbalance" in numbers or ":1" in numbers else None,
        "target": target.model_dump(mode="json") if target else None,
        "method": read_method(present),
        "generate_pairs": wants_pairs(present),
        "sweep_base_models": wants_model_sweep(present) and not scene.models,
        "benchmark_only": bool(_BENCHMARK_ONLY.search(present)),
        **_of_agents(scene, present),
    }


def _of_agents(scene: Scene, present: str) -> dict[str, object]:
    """The teacher, the tasks and the methods of agent tuning."""
    found: dict[str, object] = {"tasks": read_tasks(present), "methods": read_methods(present)}
    named = list(_TEACHER.finditer(present))
    if named:
        teacher = scene.model(named[-1]["mark"] or named[-1]["before"])
        found["teacher_model"] = teacher.id or other_vendors_name(teacher.written)
    return found


def _candidate(text: str) -> dict[str, object]:
    """The last candidate named by its number and not turned down."""
    number = None
    for match in _CANDIDATE.finditer(text):
        if _NOT_CANDIDATE.search(text[max(0, match.start() - 20) : match.start()]):
            continue
        digits = match["n"] or match["m"] or match["z"]
        number = int(digits) if digits else _ORDINALS[match["w"]]
    return {"candidate": number} if number else {}


def _bare_answer(scene: Scene, own: str, context: str, current: Request) -> dict[str, object]:
    """ "tickets-2025" to "Which dataset?", "3" to "How many epochs?"."""
    slot = slot_asked(context)
    found = tuple(v for v in values(scene.text))
    if slot in ("epochs", "lora_ranks") and found:
        return {slot: tuple(int(v) for v in found)}
    if slot in ("learning_rates", "betas") and found:
        return {slot: found}
    if slot in ("subsample", "max_parallel_jobs") and found:
        return {slot: int(found[-1])}
    if slot in ("budget_usd", "imbalance_threshold") and found:
        return {slot: found[-1]}
    if slot in ("train_dataset", "eval_dataset", "evaluator"):
        named = _bare_name(slot, own)
        holds = slot == "train_dataset" and current.train_dataset is not None
        return {} if holds and not may_be_id(str(named.get(slot, "")), current) else named
    if slot == "labels":
        labels = take_labels(f"labels: {without_count(own)}").values
        return {"labels": labels} if labels else {}
    if slot == "evaluation":
        return _bare_evaluation(scene.text)
    return {}


def _from_options(own: str, context: str, known_models: tuple[str, ...]) -> dict[str, object]:
    """ "The bigger one", "both", "the second": an answer by the models that the question named."""
    asked = stage(f"{context}\n{_ANSWER}\n{own}", known_models, guess=False)
    options, _, answer = asked.text.partition(_ANSWER.lower())
    offered = re.findall(r"⟦m\d+⟧", options)
    chosen = offered if _ALL.search(answer) else re.findall(r"⟦m\d+⟧", answer)
    ids = tuple(dict.fromkeys(model for mark in chosen if (model := asked.model(mark).id)))
    return {"base_models": ids} if ids and not _NONE.search(answer) else {}


_ANSWER = "ANSWER:"
_ALL = re.compile(
    r"\b(?:both|all|either is fine|all (?:of them|three|four)|beide|alle|les deux|tous|ambos|todos|todas)\b|都|两个"
)
_NONE = re.compile(r"\b(?:not|neither|none|no|keins?|aucun|ninguno)\b|都不")
_GUESSED = frozenset(["labels", "train_dataset", "eval_dataset"])
"""Slots that a colon or a name alone may have filled: the question tells better what was meant."""
_LONGEST_ANSWER = 12
"""Words: a longer text says more than a name."""


def _bare_name(slot: str, own: str) -> dict[str, object]:
    words = re.findall(r"(?<![\w/])[\w][\w./-]*", own.strip().strip(".!"))
    names = [w.rstrip(".") for w in words if is_id(w.rstrip("."))]
    telling = [name for name in names if re.search(r"[-_/\d]", name)]
    names = telling if len(telling) == 1 else names
    if len(names) != 1 or len(words) > _LONGEST_ANSWER:
        return {}
    return {slot: names[0]} | ({"evaluation": "evaluator"} if slot == "evaluator" else {})


def _bare_evaluation(text: str) -> dict[str, object]:
    if _OWN_EVALUATOR.search(text):
        return {"evaluation": "evaluator"}
    if _GENERATED.search(text):
        return {"evaluation": "generated"}
    return {"evaluation": "validation_loss"} if re.search(r"\bloss\b", text) else {}
