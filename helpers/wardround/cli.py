"""The command ``wardround``: names, options and help. What a verb does stands in its room, imported when it is used."""

from __future__ import annotations

import json as json_text
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from wardround import quiet

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False
)
hospital = typer.Typer(no_args_is_help=True, help="A hospital on disk.")
records = typer.Typer(no_args_is_help=True, help="Any FHIR R4 export as tables.")
triage = typer.Typer(help="The triage assistant in your browser; alone, the command starts it.")
app.add_typer(hospital, name="hospital")
app.add_typer(records, name="records")
app.add_typer(triage, name="triage")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Week = Annotated[int, typer.Argument(min=1, max=12, help="Number of the week.")]


def _part(text: str) -> int | str:
    if text == "appendix":
        return text
    if text.isdecimal() and 1 <= int(text) <= 12:
        return int(text)
    raise typer.BadParameter(f"{text!r} is neither the number of a week, 1 to 12, nor the word appendix.")


def _startable(text: str) -> int | str:
    return text if text == "pipeline" else _part(text)


def _checkable(text: str) -> int | str:
    if text == "pipeline":
        return text
    if text.isdecimal() and 1 <= int(text) <= 12:
        return int(text)
    raise typer.BadParameter(f"{text!r} is neither the number of a week, 1 to 12, nor the word pipeline.")


Startable = Annotated[
    str, typer.Argument(parser=_startable, metavar="WEEK", help="Number of the week, appendix, or pipeline.")
]
Checkable = Annotated[str, typer.Argument(parser=_checkable, metavar="WEEK", help="Number of the week, or pipeline.")]
Part = Annotated[str, typer.Argument(parser=_part, metavar="WEEK", help="Number of the week, or appendix.")]


@app.command(epilog="Example: NO_BROWSER=1 PORT=8899 wardround lab")
def lab() -> None:
    """Open JupyterLab at the current week, building the hospital first if it is missing."""
    from wardround.course.lab import open_lab

    raise typer.Exit(open_lab(say=typer.echo))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog="Example: wardround test -k records -x",
)
def test(context: typer.Context) -> None:
    """Run the tests; further arguments go to pytest."""
    environment = quiet.environment(headless=True)
    arguments = context.args or ["-n", os.environ.get("WARDROUND_WORKERS", "2"), "--dist", "worksteal"]
    raise typer.Exit(subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=quiet.ROOT, env=environment))


@app.command(epilog="Example: wardround doctor --json")
def doctor(json: Json = False) -> None:
    """Look at this machine and say OK or FAIL, with the mend for each failure."""
    from wardround.doctor import main

    raise typer.Exit(main(["--json"] if json else []))


@app.command(epilog="Example: wardround start 1, wardround start appendix, or wardround start pipeline")
def start(week: Startable) -> None:
    """Copy a week, the appendix or the pipeline into your folder, or update it without touching what you wrote."""
    if week == "pipeline":
        from wardround.course.pipeline import start as lay_out

        typer.echo(f"The pipeline is in {lay_out(say=typer.echo)}; its README.md says how to go on.")
        return
    from wardround.course.workspace import start as begin

    typer.echo(f"{_named(week)} is in {begin(week, say=typer.echo)}.")


@app.command(epilog="Example: wardround reset 1, or wardround reset appendix")
def reset(week: Part) -> None:
    """Put a week or the appendix back as it was shipped, after a backup."""
    from wardround.course.workspace import reset as put_back

    put_back(week, say=typer.echo)
    typer.echo(f"{_named(week)} is as it was shipped.")


@app.command(epilog="Example: wardround status --json, or wardround status --export progress.json")
def status(
    json: Json = False,
    export: Annotated[
        Path | None, typer.Option(help="Write verdicts and misconceptions, no name and no code, for `wardround group`.")
    ] = None,
) -> None:
    """Say what is done, what is open, and where to go on."""
    if export:
        from wardround.course.grading.group import export_progress

        typer.echo(
            f"{export_progress(export)} holds your verdicts and the misconceptions you met, nothing else. Read it,"
        )
        typer.echo("then hand it in if you want to: nobody else can send it.")
        return
    from wardround.course.workspace import status as stand

    found = stand()
    typer.echo(_text(found.to_dict()) if json else "\n".join(found.lines))


@app.command(epilog="Example: wardround track, then wardround track 8")
def track(
    weeks: Annotated[int | None, typer.Argument(help="8, 10 or 12 weeks of the calendar; left out, shows all.")] = None,
) -> None:
    """Take the course in 8, 10 or 12 weeks of the calendar; `wardround status` then says which of them you are in."""
    from wardround.course import tracks

    typer.echo("\n".join(tracks.overview() if weeks is None else tracks.calendar(tracks.choose(weeks))))


@app.command(epilog="Example: wardround check 1, or wardround check pipeline")
def check(
    week: Checkable,
    json: Json = False,
    trust: Annotated[
        bool, typer.Option("--trust-pipeline", help="Also run the pipeline where no box can be made: it is your code.")
    ] = False,
) -> None:
    """Run every check of a week on your exercise, or fly your pipeline over years with faults."""
    if week == "pipeline":
        from wardround.course.pipeline_check import check_and_write

        with _progress() as progress:
            report, page = check_and_write(trust=trust, progress=progress)
        typer.echo(_text(report.to_dict()) if json else "\n".join(report.lines))
        if page and not json:
            typer.echo(f"The same as a page is in {page}.")
        raise typer.Exit(0 if report.ok else 1)
    from wardround.course.checkfile import check_week

    found = check_week(week)
    typer.echo(_text(found.to_dict()) if json else "\n".join(found.lines))
    raise typer.Exit(0 if found.ok else 1)


@app.command(epilog="Example: wardround session 1 --out week1.html")
def session(
    week: Week,
    out: Annotated[Path | None, typer.Option(help="The HTML file; by default sessionNN.html here.")] = None,
    handout: Annotated[bool, typer.Option("--handout", help="For participants: no answers, nothing folded.")] = False,
) -> None:
    """For a team lead: the week's meeting as one offline page that also prints."""
    from wardround.course.session import write_session

    name = f"session{week:02d}{'-handout' if handout else ''}.html"
    typer.echo(f"The session is in {write_session(week, out or Path(name), handout=handout)}.")


@app.command("export-nbgrader", epilog="Example: wardround export-nbgrader --out nbgrader-course --week 1")
def export_nbgrader(
    out: Annotated[Path, typer.Option(help="Folder to make: nbgrader_config.py, source/weekNN/.")],
    week: Annotated[list[int] | None, typer.Option(help="Only this week; may be given more than once.")] = None,
) -> None:
    """For an instructor who runs nbgrader already: the exercises as a course folder it grades as it is."""
    from wardround.course.grading.nbgrader import export_nbgrader as export

    made = export(out, week)
    typer.echo(f"{len(made)} exercises are in {out / 'source'}; {out / 'README.md'} says how to go on.")


@app.command(epilog="Example: wardround grade submissions/ --out grades/ --jobs 4")
def grade(
    folder: Annotated[Path, typer.Argument(help="The submissions, in any shape: files, folders, an export.")],
    out: Annotated[Path, typer.Option(help="Folder for grades and pages.")],
    week: Annotated[int | None, typer.Option(min=1, max=12, help="Only this week; by default each file says.")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Submissions at a time; 0 is one for each processor.")] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out; only what is new runs.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 also if a submission was not wholly graded.")
    ] = False,
    peers: Annotated[bool, typer.Option("--peers", help="Also batches of memos without names, to swap.")] = False,
    viva: Annotated[bool, typer.Option("--viva", help="Also three questions for each learner, to talk about.")] = False,
    diff: Annotated[Path | None, typer.Option(help="An earlier run's folder: show what changed.")] = None,
    trust: Annotated[
        bool, typer.Option("--trust-submissions", help="Grade without a box: their code can reach this machine.")
    ] = False,
) -> None:
    """For an instructor: run each submission in a box, and write grades and a page for each learner.

    Writes `index.html` (the class), `learners/` (a page each, to hand out), `memos/` (rubric sheets), `grades.csv`
    (to import in Canvas), `details.csv` (a row for each file) and `grades.json`. Exit code 0 unless the grader failed.
    Only `learners/` is for learners: `grades.json` also holds memos, beginnings of code and the unseen hospital's seed.
    """
    from wardround.course.grading import run_all

    with _progress() as progress:
        grades = run_all.grade_and_write(
            folder,
            out,
            week=week,
            jobs=jobs,
            resume=resume,
            trust=trust,
            peers=peers,
            viva=viva,
            diff=diff,
            progress=progress,
        )
    typer.echo("\n".join(run_all.summary(grades, out)))
    raise typer.Exit(1 if grades.failed or (strict and grades.incomplete) else 0)


@app.command(epilog="Example: wardround group handed-in/ --out group.html")
def group(
    folder: Annotated[Path, typer.Argument(help="Files that members wrote with `wardround status --export`.")],
    out: Annotated[Path, typer.Option(help="The HTML file.")] = Path("group.html"),
) -> None:
    """For a team lead: what the group holds, from progress files handed in by choice; counts, no names."""
    from wardround.course.grading.group import write_group

    typer.echo(f"The group is in {write_group(folder, out)}.")


@app.command(epilog="Example: wardround portfolio")
def portfolio(
    out: Annotated[Path | None, typer.Option(help="The HTML file; by default work/portfolio/portfolio.html.")] = None,
    json: Json = False,
) -> None:
    """Your artefacts as one page and a PDF, made of your memos, kept results and triage assistant.

    What is missing is shown as missing. Parts that contradict each other are shown on top, and the exit code is 1.
    """
    from wardround.course.portfolio import write_portfolio

    written = write_portfolio(out)
    typer.echo(_text(written.to_dict()) if json else written.text())
    raise typer.Exit(1 if written.report.linted.findings else 0)


@app.command(epilog="Example: wardround fly --new work/my_plan.toml, then wardround fly work/my_plan.toml --step")
def fly(
    plan: Annotated[str, typer.Argument(help="A plan's file, or a published plan, like reference or nothing.")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Another hospital; by default yours.")] = None,
    step: Annotated[bool, typer.Option("--step", help="Then go through the year, a week at a time.")] = False,
    new: Annotated[Path | None, typer.Option(help="Write a plan to begin with, every key explained.")] = None,
    seeds: Annotated[int | None, typer.Option(min=2, max=100, help="Compare it in so many other hospitals.")] = None,
    replay: Annotated[int | None, typer.Option(min=1, max=52, help="A week again, as the team saw it.")] = None,
    tabletop: Annotated[
        int | None, typer.Option(min=0, help="Print this seed's incidents as cards for a group.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The HTML file of --tabletop.")] = Path("tabletop.html"),
    no_page: Annotated[bool, typer.Option("--no-page", help="No debrief, which flies the year 20 times more.")] = False,
    json: Json = False,
) -> None:
    """Fly your plan through a year of the hospital, with incidents: forecast, flight, debrief.

    A team on call does what the plan says, and nothing else. Writes `work/flight/NAME-SEED`: the log, what came of it,
    eight scores, and the debrief as a page.
    """
    from wardround.flight.command import Wanted, run

    wanted = Wanted(plan, seed, step, new, seeds, replay, tabletop, out, not no_page)
    talks = not json and sys.stdin.isatty()
    run(
        wanted,
        say=lambda line: typer.echo(line, err=json),
        ask=(lambda prompt: typer.prompt(prompt, default="", show_default=False)) if talks else None,
        progress=_progress,
        give=(lambda found: typer.echo(_text(found))) if json else None,
    )


@app.command(epilog="Example: wardround playbook")
def playbook(
    out: Annotated[Path | None, typer.Option(help="The folder; by default work/playbook.")] = None,
    json: Json = False,
) -> None:
    """Your governance playbook: facts from what you built, and your twelve decisions, as Markdown, a page and a PDF.

    The first run lays `decisions.toml` out, which is yours from then on. What is missing is shown as missing; where a
    decision contradicts what was built, a rule or another decision, that is shown on top, and the exit code is 1.
    """
    from wardround.course.playbook import write_playbook

    written = write_playbook(out)
    typer.echo(_text(written.to_dict()) if json else written.text())
    raise typer.Exit(1 if written.made.linted.findings else 0)


@app.command(epilog="Example: wardround gate work/gate.py candidates/")
def gate(
    file: Annotated[Path, typer.Argument(help="A Python file with gate(candidate), which returns its reasons.")],
    candidates: Annotated[Path, typer.Argument(help="A JSON file, or a folder of them.")],
) -> None:
    """Run your gate on candidates; ends with 1 where one is refused, as CI needs it (etc/ci/gate.yml)."""
    from wardround.operations.gate import judge

    judged = judge(file, candidates)
    typer.echo("\n".join(map(str, judged)))
    raise typer.Exit(1 if any(one.reasons for one in judged) else 0)


@app.command(epilog="Example: wardround facts --stale 2027-06")
def facts(
    stale: Annotated[str | None, typer.Option(help="Only those to re-check before this date (YYYY-MM).")] = None,
) -> None:
    """For authors: what the course states about the world, where it was read, when to look again."""
    from wardround.course.authoring import prose

    known = prose.facts()
    for name in prose.stale(stale) if stale else sorted(known):
        typer.echo(f"{name}: {known[name]['says']} {known[name]['source']} Review by {known[name]['review_by']}.")


@app.command(epilog="Example: wardround misconceptions --json")
def misconceptions(json: Json = False) -> None:
    """For authors: each misconception of the course, and the questions that refuse a wrong answer by its name."""
    from wardround.course.authoring.exposed import exposed

    found = exposed()
    typer.echo(_text(found.to_dict()) if json else found.render())


@app.command(epilog="Example: wardround build W01")
def build(
    only: Annotated[list[str] | None, typer.Argument(help="Weeks such as W01; all by default.")] = None,
    force: Annotated[bool, typer.Option(help="Also rebuild what has not changed.")] = False,
) -> None:
    """For authors: exercises from solutions, notebooks from their sources."""
    from wardround.course.authoring.build import build as make

    with _progress() as progress:
        changed = make(only, progress=progress, force=force)
    typer.echo("\n".join([*(str(path) for path in changed), f"{len(changed)} files changed."]))


@app.command(epilog="Example: wardround prove W01 --hospitals 2")
def prove(
    only: Annotated[list[str] | None, typer.Argument(help="Weeks such as W01; all by default.")] = None,
    hospitals: Annotated[int, typer.Option(min=1, max=20, help="How many hospitals to prove on.")] = 2,
    json: Json = False,
) -> None:
    """For authors: the solution is right, and each known mistake is refused with its own message."""
    from wardround.course.authoring.prove import prove as run

    with _progress() as progress:
        report = run(only, hospitals=hospitals, progress=progress)
    typer.echo(_text(report.to_dict()) if json else report.render())
    raise typer.Exit(0 if report.ok else 1)


@app.command(epilog="Example: wardround proof")
def proof() -> None:
    """For authors: the long proof: five hospitals a question, twenty for the lessons and the year, every kill."""
    from wardround.course.authoring.prove import prove as run

    with _progress() as progress:
        report = run(None, hospitals=5, progress=progress)
    typer.echo(report.render())
    longer = quiet.environment(headless=True) | {"WARDROUND_BITE_SEEDS": "20", "WARDROUND_KILLS": "all"}
    tests = [f"tests/test_{name}.py" for name in ("bites", "flight_bites", "pipeline")]
    tests += ["-k", "bites or killed", "-q"]
    command = [sys.executable, "-m", "pytest", *tests]
    lessons = subprocess.call(command, cwd=quiet.ROOT, env=longer)
    raise typer.Exit(0 if report.ok and not lessons else 1)


@hospital.command("build", epilog="Example: wardround hospital build --seed 7 --scale 0.33 --out /tmp/small")
def hospital_build(
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    seed: Annotated[int | None, typer.Option(help="Another seed is another hospital.")] = None,
    scale: Annotated[float, typer.Option(min=0.005, help="1 is the course's size; 115 is a million people.")] = 1.0,
    weeks: Annotated[int, typer.Option(min=8, max=208, help="How long its records are.")] = 156,
    workers: Annotated[int, typer.Option(min=1, help="Processes that write; the bytes do not depend on it.")] = 1,
) -> None:
    """Write a hospital: export, warehouse, truth and manifest."""
    from wardround.hospital import DEFAULT_SEED
    from wardround.hospital import build as make

    with _progress() as progress:
        chosen = DEFAULT_SEED if seed is None else seed
        made = make(out, seed=chosen, scale=scale, weeks=weeks, workers=workers, progress=progress)
    typer.echo(f"A hospital is in {made}.")


@hospital.command("verify", epilog="Example: wardround hospital verify datasets/quillmere")
def hospital_verify(folder: Path) -> None:
    """Compare a hospital's files with its manifest."""
    from wardround.hospital import verify

    problems = verify(folder)
    typer.echo("\n".join(problems) if problems else f"{folder} is whole: every file is as its manifest says.")
    raise typer.Exit(1 if problems else 0)


@app.command(epilog="Example: wardround audit datasets/quillmere --out report.html")
def audit(
    export: Annotated[Path, typer.Argument(help="A folder or file of FHIR R4 resources.")],
    out: Annotated[Path | None, typer.Option(help="Also write the report as one offline HTML file.")] = None,
    json: Json = False,
) -> None:
    """Say what is wrong with a FHIR export: what stops a project, what to look at, what was not judged."""
    from rich.console import Console

    from wardround.records import audit as room
    from wardround.records import read_export

    if out:
        room.writable(out)
    with _progress() as progress:
        made = room.audit(read_export(export, progress=progress), progress)
    if out:
        room.keep(made, out)
    if json:
        typer.echo(_text(made.to_dict()))
        return
    room.terminal(made, Console())
    if out:
        typer.echo(f"The report is in {out}. It names records and times: keep it where the export may lie.")


@records.command("tables", epilog="Example: wardround records tables datasets/quillmere/export --out /tmp/tables")
def records_tables(
    export: Path,
    out: Annotated[Path | None, typer.Option(help="Folder for the tables as Parquet.")] = None,
    json: Json = False,
) -> None:
    """Read an export: what it holds, what could not be read, and its tables."""
    from wardround.records import read_export

    with _progress() as progress:
        found = read_export(export, progress=progress)
        tables = {name: len(found.tables[name]) for name in found.tables}
        feeds = {name: len(found.feeds[name]) for name in found.feeds}
        for name in [*tables, *feeds] if out else ():
            out.mkdir(parents=True, exist_ok=True)
            (found.tables if name in tables else found.feeds)[name].to_parquet(out / f"{name}.parquet")
    if json:
        refused = {"quarantine": found.quarantine, "feeds_quarantine": found.feeds.quarantine}
        parts = {"counts": found.counts, **refused}
        typer.echo(
            _text({**{name: part.to_dict("records") for name, part in parts.items()}, "tables": tables, "feeds": feeds})
        )
        return
    typer.echo(found.counts.to_string(index=False))
    typer.echo(f"\n{len(found.quarantine):,} documents could not be read.")
    if len(found.quarantine):
        typer.echo(found.quarantine.head(20).to_string(index=False))
    typer.echo("\n" + "\n".join(f"{name}: {rows:,} rows" for name, rows in (tables | feeds).items()))
    typer.echo(f"\n{len(found.feeds.quarantine):,} messages and claims could not be read." if feeds else "")


@records.command("view", epilog="Example: wardround records view my_view.json datasets/quillmere/export")
def records_view(view: Path, export: Path) -> None:
    """Run a ViewDefinition over an export and print its rows as JSON lines."""
    from wardround.records import compile_view, read_export

    definition = json_text.loads(view.read_text(encoding="utf-8"))
    rows = compile_view(definition)
    for row in rows(read_export(export).resources(definition["resource"])):
        typer.echo(json_text.dumps(row, default=str))


@triage.callback(invoke_without_command=True, epilog="Example: wardround triage --port 8020")
def triage_start(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="By default 8010, or the next free one.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address only; NO_BROWSER=1 too.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new evening: nobody has a level yet.")] = False,
) -> None:
    """Start the triage assistant on this machine: a worklist, a patient, your level, its advice, your decision."""
    if context.invoked_subcommand is None:
        from wardround.triage.serve import serve

        raise typer.Exit(serve(port=port, browser=not no_browser, fresh=fresh, say=typer.echo))


@triage.command("check", epilog="Example: wardround triage check")
def triage_check() -> None:
    """Say what is wrong with your settings and your card, and what the threshold marks."""
    from wardround.course import places
    from wardround.triage.checking import check

    found = check(places.work() / "triage")
    typer.echo("\n".join(found.text()))
    raise typer.Exit(0 if found.ok else 1)


@triage.command("picture", epilog="Example: wardround triage picture")
def triage_picture(
    visit: Annotated[str, typer.Option(help="Number of a visit; by default the last one that got a level.")] = "",
) -> None:
    """Take a picture of a patient's page for your portfolio: work/triage/picture.png."""
    from wardround.course import places
    from wardround.triage.picture import take

    path, row = take(places.work() / "triage", visit)
    typer.echo(f"The picture is in {path}. The assistant says on it: {row.advice.words}")


@triage.command("audit", epilog="Example: wardround triage audit --json")
def triage_audit(json: Json = False) -> None:
    """Say whether the log is whole, what was decided, and why the assistant was overruled."""
    from wardround.course import places
    from wardround.triage.auditing import audited_folder

    made = audited_folder(places.work() / "triage")
    typer.echo(_text(made.to_dict()) if json else "\n".join(made.text()))
    raise typer.Exit(1 if made.broken else 0)


def _named(part: int | str) -> str:
    return "The appendix" if part == "appendix" else f"Week {part}"


def _text(value: object) -> str:
    return json_text.dumps(value, indent=1, default=str)


def _progress():
    from wardround.course.loading import shown_progress

    return shown_progress()


def main() -> None:
    """Run the command; what is a reader's mistake is told in one sentence, without a traceback."""
    quiet.apply()
    try:
        app()
    except (OSError, ValueError, LookupError, RuntimeError) as trouble:
        if os.environ.get("WARDROUND_TRACEBACK"):
            raise
        typer.echo(f"wardround: {trouble}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
