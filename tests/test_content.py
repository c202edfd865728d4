"""What the lessons hold: citations, headings, links, alternative text, budgets; each lint seen to catch its fault."""

from __future__ import annotations

from collections import Counter

import nbformat
import pytest
from wardround.course import notebooks, places, quiz
from wardround.course.authoring import budgets, prose
from wardround.course.keys import week_keys
from wardround.course.questions import week_memos, week_questions

LESSONS = [path.with_suffix(".ipynb") for path in notebooks.sources() if path.parent.name != "solutions"]
EXERCISES = sorted((places.root() / "exercises").glob("week*.ipynb"))
WEEKS = sorted({notebooks.week_number(path) for path in notebooks.sources()} - {None})
FACT = {"says": "It is so.", "source": "Seen.", "as_of": "2026-11", "review_by": "2027-11", "certainty": "read"}
KNOWN = {"a-fact": FACT, "a-rumour": FACT | {"certainty": "uncertain"}}
SOURCES = "\n## Sources\n\n- **a-fact**: It is so. Seen.\n"


def test_the_course_cites_links_and_heads_soundly():
    assert prose.problems() == []


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lessons_keep_their_budgets(path):
    assert budgets.problems(path) == []


@pytest.mark.parametrize(
    "path", [path.with_suffix(".ipynb") for path in notebooks.sources()], ids=lambda path: path.stem
)
def test_every_figure_has_its_sentence(path):
    assert prose.figures(notebooks.read(path), path.name) == []
    assert path.stat().st_size < 600_000


@pytest.mark.parametrize("week", WEEKS)
def test_a_week_has_all_its_parts(week):
    from wardround.course.places import week_folder

    folder, asked, keys = week_folder(week), week_questions(week), week_keys(week)
    for part in ("README.md", "memo.md", "takeaway.md", "facilitator.md", "quiz.toml", "session.toml"):
        assert (folder / part).exists(), part
    assert sum(not question.stretch for question in asked.values()) >= 4
    assert set(keys.keys) == set(asked) and all(len(key.misconceptions) >= 3 for key in keys.keys.values())
    assert week_memos(week) and len(list(folder.glob("[12]_*.py"))) == 2
    uses = [item.use for item in quiz.week_quiz(week).values()]
    assert uses.count("recall") == 5 and uses.count("skip") >= 3 and uses.count("exit") == 3


@pytest.mark.parametrize("week", WEEKS)
def test_no_letter_is_the_answer_more_than_half_of_the_time(week):
    right = [option.letter for item in quiz.week_quiz(week).values() for option in item.option if option.right]
    letter, times = Counter(right).most_common(1)[0]
    assert times <= len(right) / 2, f"{letter} is right in {times} of {len(right)} items"


@pytest.mark.parametrize("week", WEEKS)
def test_the_facilitator_guide_has_its_headings_and_names_what_the_checks_refuse(week):
    from wardround.course.places import week_folder

    text = (week_folder(week) / "facilitator.md").read_text(encoding="utf-8")
    wanted = ["At a glance", "Ten minutes of preparation", "Run sheet", "Discussion questions", "Where people go wrong",
              "Adaptations", "Homework", "After"]  # fmt: skip
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert headings in (wanted, [*wanted, "Sources"])  # a guide that cites says where it was read
    section = text.split("## Where people go wrong")[1].split("\n## ")[0]
    names = {m.name: m.teaches for key in week_keys(week).keys.values() for m in key.misconceptions}
    claimed = [line for line in section.splitlines() if line.startswith("- **M")]
    assert len(claimed) >= 3
    for line in claimed:
        name = line.split("`")[1]
        assert names[name] == line[4:7], line


@pytest.mark.parametrize("week", WEEKS)
def test_hints_are_four_and_short_and_the_readme_names_each_question(week):
    from wardround.course.places import week_folder

    readme = (week_folder(week) / "README.md").read_text(encoding="utf-8")
    for id, asked in week_questions(week).items():
        assert len(asked.hints) == 4 and all(len(hint.split()) <= 160 for hint in asked.hints)
        assert id.split(".")[1] in readme


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_what_an_exercise_offers_to_uncomment_runs_on_its_own_imports(path):
    code = [cell.source for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    names: dict = {}
    exec("\n".join(line for line in code[0].splitlines() if line.startswith(("from ", "import "))), names)
    offered = [cell[2:] for cell in code if cell.startswith("# ") and "\n" not in cell]
    assert len(offered) == len(week_questions(int(path.stem[4:6])))
    for call in offered:
        assert "hint 1 of 4" in str(eval(call, names)), call
        assert "hints first" in str(eval(call.replace("hint(", "solution("), names)), call


def test_the_planted_faults_of_week_1_pass_the_types_and_five_break_base_fhir(third_hospitals):
    from fhir.resources.R4B.observation import Observation
    from fhir.resources.R4B.patient import Patient
    from wardround.course.given import given
    from wardround.records import read_export

    week = given(1)
    faults = week.planted_faults(read_export(third_hospitals[0]))
    assert len(faults) == 8 and all(week.types_accept(resource) for resource in faults.values())
    status, patient, number, stay, period = [*faults.values()][3:]
    known = Observation.model_fields
    assert status["status"] not in known["status"].json_schema_extra["enum_values"]
    assert patient["gender"] not in Patient.model_fields["gender"].json_schema_extra["enum_values"]
    assert isinstance(number["valueQuantity"]["value"], str)
    refers = stay["encounter"]["reference"].split("/")[0]
    assert refers not in known["encounter"].json_schema_extra["enum_reference_types"]
    assert period["period"]["start"] > period["period"]["end"]


def test_what_the_course_says_of_encounter_is_so():
    from fhir.resources.encounter import Encounter as R5
    from fhir.resources.encounter import EncounterParticipant as R5Participant
    from fhir.resources.R4B.encounter import Encounter, EncounterParticipant

    def gone(before, after, name):
        return name in before.model_fields and name not in after.model_fields

    assert gone(Encounter, R5, "period") and gone(R5, Encounter, "actualPeriod")
    assert gone(Encounter, R5, "hospitalization") and gone(R5, Encounter, "admission")
    assert gone(EncounterParticipant, R5Participant, "individual") and gone(
        R5Participant, EncounterParticipant, "actor"
    )
    assert "List" in str(R5.model_fields["class_fhir"].annotation)
    assert "List" not in str(Encounter.model_fields["class_fhir"].annotation)


# Each lint catches its fault ------------------------------------------------------------------------------------------
def test_a_sound_citation_passes():
    assert prose.citations("# T\n\nSo [a-fact](#Sources)." + SOURCES, KNOWN) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("So [no-fact](#Sources).", "does not have"),
        ("So [a-rumour](#Sources)." + "\n## Sources\n\n- **a-rumour**: It is so. Seen.\n", "calls uncertain"),
        ("So [a-fact](#Sources).", "should hold"),
        ("So [a-fact](#Sources).\n## Sources\n\n- **a-fact**: It is otherwise. Seen.\n", "should hold"),
        ("So." + SOURCES, "does not cite it"),
        ("Wong et al. found 33 of 100.", "without a citation"),
        ("HIPAA names 18 identifiers.", "without a citation"),
    ],
)
def test_a_wrong_citation_is_caught(text, says):
    assert any(says in problem for problem in prose.citations(text, KNOWN))


def test_an_entry_that_lacks_a_field_is_caught(tmp_path, monkeypatch):
    (tmp_path / "curriculum").mkdir()
    (tmp_path / "curriculum" / "facts.toml").write_text('[x]\nsays = "so"\n')
    monkeypatch.setenv("WARDROUND_ROOT", str(tmp_path))
    with pytest.raises(ValueError, match=r"facts\.toml, x"):
        prose.facts()


def test_stale_facts_are_listed_by_date():
    assert prose.stale("2000-01") == [] and set(prose.stale("2999-01")) == set(prose.facts())


@pytest.mark.parametrize(
    ("text", "says"),
    [("# a\n\n# b", "2 top headings"), ("## a", "0 top headings"), ("# a\n\n### b", "jumps from heading level 1 to 3")],
)
def test_wrong_headings_are_caught(text, says):
    assert any(says in problem for problem in prose.headings(text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[the page](none.md)", "not there"),
        ("# a\n[a place](#b)", "no such heading"),
        ("[here](https://example.org)", "says only 'here'"),
    ],
)
def test_wrong_links_are_caught(tmp_path, text, says):
    (tmp_path / "x.md").write_text(text)
    assert any(says in problem for problem in prose.links(tmp_path / "x.md", text))


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def shown(**data):
    output = nbformat.v4.new_output(
        "display_data", data={name.replace("__", "/"): value for name, value in data.items()}
    )
    return nbformat.v4.new_code_cell("x", outputs=[output])


def test_an_image_without_words_is_caught():
    assert "bare image" in prose.figures(notebook(shown(image__png="…")), "n")[0]
    assert "alternative text" in prose.figures(notebook(shown(text__html='<img src="x" alt="fig">')), "n")[0]


def test_budgets_count_and_say_what_to_write(tmp_path):
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    made = notebook(
        markdown("# T\n\n" + "word " * 98),
        markdown("## 1. Part\n\n*About 9 min · 9 min so far*\n\n" + "word " * 90),
        code("x = 1"),
        code('quiz("W01.R1")'),
        markdown("## What you have now\n\n" + "word " * 200),
        code("\n".join(f"x = {n}" for n in range(16)), outputs=[nbformat.v4.new_output("stream", text="a\n" * 41)]),
    )
    nbformat.write(made, tmp_path / "1_x.ipynb")
    told = " ".join(budgets.problems(tmp_path / "1_x.ipynb"))
    assert "6 cells" in told and "a cell of 16 lines" in told and "prints 41 lines" in told
    assert "write *About 5 min · 5 min so far*" in told and "words on end" in told
