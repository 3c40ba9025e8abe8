"""The user's own commands on the account: data sets, models, deployments, who am I, what is wrong."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from agent.cli.client import Client
from agent.cli.keys import access
from agent.cli.problems import DONE, FAILED, usage
from agent.cli.tables import show_json, table


def dataset_create(command: Namespace) -> int:
    """Uploads a JSONL file as a new data set."""
    path = Path(command.file).expanduser().absolute()
    if not path.is_file():
        raise usage(f"{command.file} is not a file", "Give a JSONL file with one JSON object on each line.")
    body = {"id": command.name, "path": str(path), "display_name": command.display_name}
    made = _call(command, "POST", "/v1/datasets", body)
    return _shown(command, made, f"Data set {made['name']}: {made['state']}, {made.get('exampleCount', '?')} rows")


def dataset_list(command: Namespace) -> int:
    """Shows the data sets of the account."""
    found = _call(command, "GET", "/v1/datasets")["datasets"]
    rows = [(_short(d["name"]), d.get("state", ""), d.get("exampleCount", ""), d.get("createTime", "")) for d in found]
    return _shown(command, found, table(("NAME", "STATE", "ROWS", "CREATED"), rows))


def dataset_get(command: Namespace) -> int:
    """Shows one data set, field by field."""
    found = _call(command, "GET", f"/v1/datasets/{_name(command.name)}")
    return _shown(command, found, "\n".join(f"{key}: {value}" for key, value in found.items()))


def dataset_download(command: Namespace) -> int:
    """Fetches the files of a data set into a folder."""
    folder = str(Path(command.folder).expanduser().absolute())
    found = _call(command, "POST", f"/v1/datasets/{_name(command.name)}:download", {"path": folder})
    return _shown(command, found, "\n".join(found["files"]))


def model_list(command: Namespace) -> int:
    """Shows the base models of the platform."""
    found = _call(command, "GET", f"/v1/models?tunable={int(command.tunable)}")["models"]
    rows = [
        (m["name"], _size(m["parameter_count"]), m["context_length"] or "", "yes" if m["tunable"] else "no")
        for m in found
    ]
    return _shown(command, found, table(("NAME", "PARAMETERS", "CONTEXT", "TUNABLE"), rows))


def deployment_list(command: Namespace) -> int:
    """Shows the deployments of the account, with what runs."""
    found = _call(command, "GET", "/v1/deployments")["deployments"]
    rows = [(_short(d["name"]), d.get("state", ""), d.get("replicaCount", ""), d.get("baseModel", "")) for d in found]
    return _shown(command, found, table(("NAME", "STATE", "REPLICAS", "MODEL"), rows))


def deployment_stop(command: Namespace) -> int:
    """Scales a deployment to zero; it is not deleted."""
    found = _call(command, "POST", f"/v1/deployments/{_name(command.name)}:stop")
    return _shown(command, found, f"Deployment {found['name']} is told to run 0 replicas; then it bills nothing.")


def whoami(command: Namespace) -> int:
    """Shows platform, account and versions."""
    found = _call(command, "GET", "/v1/whoami")
    return _shown(command, found, "\n".join(f"{key}: {value}" for key, value in found.items() if value))


def doctor(command: Namespace) -> int:
    """Exit code 1 when something is wrong."""
    found = _call(command, "GET", "/v1/doctor")["checks"]
    lines = [f"{'ok  ' if c['ok'] else 'BAD '} {c['name']}: {c['detail']}{_next(c['next_step'])}" for c in found]
    _shown(command, found, "\n".join(lines))
    return DONE if all(c["ok"] for c in found) else FAILED


def _call(command: Namespace, method: str, path: str, body: Any = None) -> Any:
    way = access(command.api_key, command.platform_url, command.account_id)
    return Client().call(method, path, body, way.headers())


def _shown(command: Namespace, found: Any, text: str) -> int:
    if command.output == "json":
        show_json(found)
    else:
        print(text)
    return DONE


def _name(name: str) -> str:
    """The last part of a full name, fit for a path."""
    if not _short(name).strip():
        raise usage("the name is empty")
    return quote(_short(name), safe="")


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _size(count: int | None) -> str:
    if not count:
        return "?"
    return f"{count / 1e9:.3g}B" if count >= 1e9 else f"{count / 1e6:.3g}M"


def _next(step: str) -> str:
    return f"\n     next: {step}" if step else ""
