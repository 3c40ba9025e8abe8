"""All tools, as a tuple one can read."""

from __future__ import annotations

from tools.ask_user import TOOL as ASK_USER
from tools.base import Tool
from tools.cancel_job import TOOL as CANCEL_JOB
from tools.deploy_model import TOOL as DEPLOY_MODEL
from tools.download_dataset import TOOL as DOWNLOAD_DATASET
from tools.estimate_cost import TOOL as ESTIMATE_COST
from tools.evaluate_model import TOOL as EVALUATE_MODEL
from tools.launch_job import TOOL as LAUNCH_JOB
from tools.list_resources import TOOL as LIST_RESOURCES
from tools.prepare_dataset import TOOL as PREPARE_DATASET
from tools.present_plan import TOOL as PRESENT_PLAN
from tools.present_scoreboard import TOOL as PRESENT_SCOREBOARD
from tools.present_scores import TOOL as PRESENT_SCORES
from tools.run_evaluator import TOOL as RUN_EVALUATOR
from tools.scale_deployment import TOOL as SCALE_DEPLOYMENT
from tools.upload_dataset import TOOL as UPLOAD_DATASET
from tools.wait_for_jobs import TOOL as WAIT_FOR_JOBS
from tools.write_report import TOOL as WRITE_REPORT

CATALOG: tuple[Tool, ...] = (
    DOWNLOAD_DATASET,
    PREPARE_DATASET,
    ESTIMATE_COST,
    PRESENT_PLAN,
    ASK_USER,
    UPLOAD_DATASET,
    LAUNCH_JOB,
    WAIT_FOR_JOBS,
    RUN_EVALUATOR,
    PRESENT_SCOREBOARD,
    PRESENT_SCORES,
    DEPLOY_MODEL,
    EVALUATE_MODEL,
    WRITE_REPORT,
    LIST_RESOURCES,
    CANCEL_JOB,
    SCALE_DEPLOYMENT,
)
