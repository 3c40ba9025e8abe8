"""What a tool established, in one line for the event stream; a gate in full."""

from __future__ import annotations

from prompts.units import loss
from tools.facts import (
    AnyFact,
    CandidateMeasured,
    DatasetPrepared,
    DatasetStaged,
    DeploymentSeen,
    GateShown,
    JobCancelled,
    JobNotCreated,
    JobSeen,
    Listed,
    ModelScored,
    ModelsListed,
    PlanDrafted,
    ReportWritten,
    Scaled,
    ScoresShown,
    UploadFinished,
)


def words_of_fact(fact: AnyFact) -> str:
    """Text for people; empty for facts that are only a step to a later one."""
    match fact:
        case GateShown():
            return gate_words(fact)
        case ReportWritten():
            return fact.message
        case DatasetStaged():
            return _staged(fact)
        case DatasetPrepared():
            parts = ", ".join(f"{part.role} {part.rows:,} rows" for part in fact.material.parts)
            return f"Data prepared: {parts}."
        case UploadFinished():
            return f"Uploaded {fact.resource}."
        case JobSeen():
            return _job(fact)
        case JobNotCreated():
            return f"Job {fact.resource} was not created."
        case JobCancelled():
            return f"Job {fact.resource}: {fact.state}"
        case CandidateMeasured():
            base = f", base model {loss(fact.base_loss)}" if fact.base_loss is not None else ""
            return f"Measured {fact.item} on the {fact.split} rows: loss {loss(fact.eval_loss)}{base}."
        case ModelScored():
            span = f"{fact.low:.1%} to {fact.high:.1%}"
            return f"Scored {fact.item} on {fact.rows:,} {fact.split} rows: accuracy {fact.accuracy:.1%} (95%: {span})."
        case ScoresShown():
            return fact.text
        case DeploymentSeen():
            serving = ", it answers" if fact.serving else ""
            return f"Deployment {fact.resource}: {fact.state}{serving}"
        case Scaled():
            return f"Deployment {fact.resource} now has {fact.replicas} replicas."
        case ModelsListed() | Listed() | PlanDrafted():
            return ""


def gate_words(fact: GateShown) -> str:
    """What the user is shown and asked."""
    return f"{fact.text.strip()}\n\n{fact.question}".strip()


def _staged(fact: DatasetStaged) -> str:
    lines = [f"Data set {fact.summary.strip() or f'{fact.name}: {fact.rows:,} rows'}"]
    lines += [f"- {issue}" for issue in fact.issues]
    if not fact.usable:
        lines.append(f"It can't be used: {fact.reason}")
    return "\n".join(lines)


def _job(fact: JobSeen) -> str:
    percent = f", {fact.percent:.0f}%" if fact.percent is not None and fact.state == "JOB_STATE_RUNNING" else ""
    message = f": {fact.message}" if fact.message else ""
    return f"Job {fact.resource} ({fact.item}): {fact.state}{percent}{message}"
