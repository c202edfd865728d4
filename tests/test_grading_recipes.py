"""The recipes for machines without a box name commands that exist, and keep submissions and network apart.

No container engine runs where these tests do: what is checked is what can be read in the files.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from wardround import cli

RECIPES = Path(__file__).resolve().parents[1] / "etc" / "grading"
VERBS = {command.name or command.callback.__name__ for command in cli.app.registered_commands} | {"setup"}


def test_the_container_grades_without_a_network_and_not_as_root():
    text = (RECIPES / "Containerfile").read_text(encoding="utf-8")
    assert "--network none" in text and "--cap-drop ALL" in text and ":/handed-in:ro" in text
    steps = [line.split()[0] for line in text.splitlines() if re.match(r"[A-Z]+ ", line)]
    assert steps.index("USER") < steps.index("COPY") and steps[-1] == "ENTRYPOINT"
    assert {verb for verb in re.findall(r'start\.py[", ]+(\w+)', text)} <= VERBS


def test_the_workflow_is_one_job_that_may_only_read():
    made = yaml.safe_load((RECIPES / "workflow.yml").read_text(encoding="utf-8"))
    assert made["permissions"] == {"contents": "read"} and list(made["jobs"]) == ["grade"]
    runs = [step["run"] for step in made["jobs"]["grade"]["steps"] if "run" in step]
    called = [verb for run in runs for verb in re.findall(r"start\.py (\w+)", run)]
    assert called == ["setup", "grade"] and set(called) <= VERBS
