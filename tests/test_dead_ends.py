"""No dead end in what people read: commands and options exist, links lead somewhere, each week says what comes next."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
from wardround import cli
from wardround.course import notebooks, places
from wardround.course.authoring import prose
from wardround.course.manifest import read_course

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = {".venv", "work", ".wardround", ".git", "node_modules", ".pytest_cache"}
# a command in backticks, on a line of a code block, or after a prompt
NAMED = re.compile(
    r"`(?:wardround|python3? start\.py) ([^`\n]+)`|^\s*(?:\$ )?(?:wardround|python3? start\.py) (.+)$", re.M
)
START_ALONE = {"setup", "setup-dev", "lock"}  # verbs of start.py itself


def pages() -> dict[Path, str]:
    """Every text of the course, and every other Markdown page and message source of the repository."""
    found = dict(prose.pages())
    for path in ROOT.rglob("*.md"):
        if not SKIPPED & set(path.relative_to(ROOT).parts):
            found[path] = path.read_text(encoding="utf-8")
    return found


def commands(text: str) -> list[str]:
    """What stands behind ``wardround`` in a text."""
    return [(inline or line).strip() for inline, line in NAMED.findall(text)]


def trouble(said: str) -> str:
    """Return what is wrong with a command, or nothing."""
    try:
        words = shlex.split(said.split(" # ")[0].rstrip("….,;:\\ "), comments=True)
    except ValueError:
        return "it cannot be read"
    command = typer.main.get_command(cli.app)
    path = []
    while words and hasattr(command, "commands"):
        if words[0].startswith("-") and path:
            break
        verb = words[0]
        if verb in START_ALONE and not path:
            return ""
        if verb not in command.commands:
            return "" if path and getattr(command, "invoke_without_command", False) else f"there is no {verb!r}"
        command, words = command.commands[verb], words[1:]
        path.append(verb)
    if path == ["test"]:
        return ""  # what follows is pytest's
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
    unknown = [word for word in words if word.startswith("-") and word.split("=")[0] not in known]
    return f"{' '.join(path)} has no {unknown[0]}" if unknown else ""


def test_every_command_that_a_page_names_exists_with_its_options():
    told, n = [], 0
    for path, text in pages().items():
        for said in commands(text):
            n += 1
            wrong = trouble(said)
            told += [f"{path.relative_to(ROOT)}: `wardround {said}`: {wrong}"] if wrong else []
    assert not told, "\n".join(told)
    assert n > 100, "the pages name many commands; is the pattern still right?"


def test_every_command_that_a_message_names_exists():
    told, n = [], 0
    for path in sorted((ROOT / "helpers").rglob("*")):
        if path.suffix not in (".py", ".toml", ".j2", ".json"):
            continue
        text = re.sub(r"`\{[^`]*\}`", "", path.read_text(encoding="utf-8"))
        for said, _ in NAMED.findall(text):
            n += bool(said)
            wrong = trouble(re.sub(r"\{[^}]*\}", "1", said.strip())) if said else ""
            told += [f"{path.relative_to(ROOT)}: `wardround {said}`: {wrong}"] if wrong else []
    assert not told, "\n".join(told)
    assert n > 50


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("audit EXPORT --out x.html", ""),
        ("hospital build --seed 7", ""),
        ("triage --port 8020", ""),
        ("triage audit --json", ""),
        ("fly work/plan.toml --step # a week at a time", ""),
        ("fly PLAN --stepwise", "has no --stepwise"),
        ("hospital raze", "no 'raze'"),
        ("audits EXPORT", "no 'audits'"),
    ],
)
def test_a_wrong_command_is_caught(said, wrong):
    assert (wrong in trouble(said)) if wrong else trouble(said) == ""


def test_links_of_every_page_lead_somewhere():
    told = []
    for path, text in pages().items():
        bare = re.sub(r"^```.*?^```[ \t]*$", "", text, flags=re.S | re.M)
        slugs = {
            re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", bare, re.M)
        }
        for one in prose.links(path, bare):
            where = re.match(r"links to #(\S+), and there", one)
            if "curriculum" in path.parts or not (
                where and where[1] in slugs
            ):  # read on a code host, not in JupyterLab
                told.append(f"{path.relative_to(ROOT)} {one}")
        for target in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", bare):
            if not target.startswith("http") and not (path.parent / target).exists():
                told.append(f"{path.relative_to(ROOT)} shows {target}, which is not there.")
    assert not told, "\n".join(told)


@pytest.mark.parametrize("week", range(1, 13))
def test_a_week_says_what_comes_next(week):
    text = (places.week_folder(week) / "README.md").read_text(encoding="utf-8")
    if week < 12:
        title = read_course().week[week].title
        last = text.split("\n## Next\n")[-1]
        assert (
            f"Week {week + 1}, {title}".lower() in last.lower() and f"start {week + 1}`" in last and "\n## " not in last
        )
    else:
        last = text.split("\n## What now?\n")[-1]
        assert {"portfolio", "playbook", "start", "audit", "fly"} <= {said.split()[0] for said in commands(last)}


def test_the_sources_of_notebooks_are_among_the_pages():
    assert (
        set(notebooks.sources()) <= set(pages()) and ROOT / "README.md" in pages() and ROOT / "SECURITY.md" in pages()
    )
