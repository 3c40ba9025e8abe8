"""README and CHANGELOG can be wrong; here they are compared with what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_the_tree_names_what_is_there_and_all_of_it() -> None:
    named = re.findall(r"^\| `([\w./]+)` \|", README.split("## The tree")[1], re.MULTILINE)
    assert [name for name in named if not (ROOT / name).exists()] == []
    tops = {path.split("/")[0] for path in tracked() if "/" in path and not path.startswith(".")}
    assert tops <= {name.split("/")[0] for name in named}, "a folder is missing from the tree"
    rooms = {"/".join(path.split("/")[:2]) for path in tracked() if path.startswith("agent/") and path.count("/") >= 1}
    rooms = {room for room in rooms if not room.endswith("__init__.py")}
    assert rooms <= {name.rstrip("/") for name in named}, "a room of agent/ is missing from the tree"


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("verb", ["session", "reply", "understand", "dataset", "model", "deployment", "whoami", "doctor",
                                  "chat", "serve", "stop", "platform"])  # fmt: skip
def test_every_command_is_documented_and_exists(verb: str) -> None:
    assert re.search(rf"`fireagent {verb}\b", README), f"{verb} is not in the README"
    helped = subprocess.run(
        [sys.executable, "-m", "agent.cli.main", verb, "--help"], cwd=ROOT, capture_output=True, check=False
    )
    assert helped.returncode == 0


def test_every_setting_of_the_environment_is_in_env_example() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    used = set()
    for path in tracked():
        if path.endswith(".py") and path.startswith(("agent/", "tools/")):
            used |= set(
                re.findall(r'"(FIREAGENT_[A-Z_]+|FIREWORKS_(?:AGENT_)?API_KEY)"', (ROOT / path).read_text("utf-8"))
            )
    assert {name for name in used if name not in example} == set()


def test_changelog_lines_are_short() -> None:
    lines = re.findall(r"^- (.+(?:\n  .+)*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert lines and all(len(line.split()) <= 32 for line in lines)
