"""What each tool does, in words for the user: they never saw its name."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "list_resources": "Looking up what the platform has",
    "download_dataset": "Reading the data set",
    "prepare_dataset": "Preparing the data",
    "estimate_cost": "Making the plan",
    "present_plan": "Showing the plan",
    "upload_dataset": "Uploading the data",
    "launch_job": "Launching the training job",
    "wait_for_jobs": "Looking at the jobs",
    "run_evaluator": "Measuring the candidate",
    "evaluate_model": "Evaluating the model",
    "deploy_model": "Deploying the model",
    "present_scoreboard": "Showing the scoreboard",
    "present_scores": "Comparing the models' answers",
    "ask_user": "Asking you",
    "write_report": "Writing the report",
    "cancel_job": "Cancelling the job",
    "scale_deployment": "Scaling the deployment to zero",
}


def step_words(tool: str) -> str:
    """The step as a phrase that begins a sentence; a tool without one by its name, spaced."""
    return _WORDS.get(tool) or tool.replace("_", " ").capitalize()
