"""Week 7: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

prediction(
    "W07.P1",
    ask=(
        "The last release of the readmission model is to be undone at once, and somebody brings back the old weights alone: "
        "features, contract and threshold stay. Of 1,000 patients, how many get another decision than they would get by "
        "the whole old release? Give a range that you are 80% sure of."
    ),
    unit="of 1,000 patients",
)

prediction(
    "W07.P2",
    ask=(
        "January to October 2024: 100 patients were scored at eight, and called or not. You ask today's model about them, on the "
        "results as they stand in the warehouse today. For how many does the call come out the other way? Give a range "
        "that you are 80% sure of."
    ),
    unit="of 100 patients",
)

prediction(
    "W07.P3",
    kind="probability",
    ask=(
        "The same code, seed, packages and machine, and the same training rows in another order. How probable is it that "
        "the model gives each patient the same score, to the last bit?"
    ),
)

question(
    "W07.Q1",
    answer="explain",
    title="A prediction of six months ago",
    expects="a function of (decision, archive) that returns a dictionary with version, threshold, score, rebuilt and called",
    kind="function",
    seconds=15,
    ask=lambda explain, hospital: given(7).explained(explain, hospital),
    then=lambda answer, hospital: given(7).held_against_the_served(answer, hospital),
    hints=[
        "A patient's family asks why he was not called in May. For each decision say what was in force at that minute, what it "
        "was given, what it said, and whether you get the same number from a model trained again today.",
        "Print `archive.log` beside `archive.decisions`. Which line was the last to put something in force before the decision? "
        "What does it name, and where do files of that name lie?",
        "An alias knows only today. History is in the log: the last line *before the minute* of the decision, of this model, "
        "that put something in force; a rollback does so too. That line names version, threshold, code and snapshot. The "
        "patient's row is the one on that morning's list, as the screen showed it; the warehouse holds what was corrected "
        "since. And the run has the strength and the seed with which a model is trained again.",
        "The frame of it:\n\n"
        "```\n"
        "def explain(decision, archive):\n"
        "    log = archive.log\n"
        "    line = log[(log.model == 'readmission') & log.action.isin([...]) & (log['at'] <= decision.at)].iloc[-1]\n"
        "    code = runpy.run_path(str(archive.kept / line.code))\n"
        "    seen = pd.read_parquet(archive.kept / ...)\n"
        "    table = code['features'](seen[seen.encounter_id == decision.encounter_id])\n"
        "    model = mlflow.sklearn.load_model(f'models:/readmission/{line.version}')\n"
        "    score = model.predict_proba(table)[0, 1]\n"
        "    version = mlflow.MlflowClient().get_model_version('readmission', line.version)\n"
        "    params = mlflow.get_run(version.run_id).data.params\n"
        "    snapshot = pd.read_parquet(archive.kept / ...)\n"
        "    again = code['fit'](code['features'](snapshot), snapshot.back, float(params['strength']), ...)\n"
        "    ...\n"
        "```",
    ],
)

question(
    "W07.Q2",
    answer="gate",
    title="A gate",
    expects="a function of a candidate that returns a list: the names in `given(7).RULES` that it breaks, empty to admit it",
    kind="function",
    ask=lambda gate, hospital: given(7).gated(gate, hospital),
    then=lambda answer, hospital: given(7).held_against_the_bank(answer, hospital),
    hints=[
        "Nine candidates for the triage model's next release wait at the door. Write what the house demands as code: each rule is "
        "asked of the files, and what a candidate breaks is returned by name.",
        "Take one candidate and look into its folder: `sorted(Path(candidate['files']).iterdir())`. Which of its claims can you "
        "test there instead of believing?",
        "A number in `reported_auroc` is a claim; `judged.csv`, which the house computed, is the test. A hash is a claim; the file's bytes are the test. An approval "
        "counts if a person gave it, another than the author, and for this digest. People, not visits, are what training and judging must not share. A "
        "comparison with a missing number is False in both directions: ask for what must be true. And a file may be gone: that is a "
        "broken rule, and no reason to stop.",
        "Go on in the same form:\n\n"
        "```\n"
        "    snapshot = folder / 'snapshot.csv'\n"
        "    broken['snapshot'] = not snapshot.exists() or hashlib.sha256(...).hexdigest() != candidate['snapshot_sha256']\n"
        "    person = lambda name: ' '.join(str(name or '').casefold().split())\n"
        "    second = [a for a in candidate['approvals'] if person(a['by']) not in ('', ...) and a['digest'] == ...]\n"
        "    broken['approval'] = not second\n"
        "    broken['learnt'] = judged.patient_id.isin(...).any()\n"
        "    broken['answers'] = not probes.risk.between(0, 1).all()\n"
        "    ...\n"
        "    return [rule for rule, is_broken in broken.items() if is_broken]\n"
        "```",
    ],
)

question(
    "W07.Q3",
    answer="roll_back",
    title="A rollback, on the clock",
    expects="a function of the drill that calls what it offers; it need not return anything",
    kind="function",
    seconds=4,
    ask=lambda roll_back, hospital: given(7).drilled(roll_back, hospital),
    hints=[
        "Monday, 07:40. Since the last release, five weeks ago, too many patients are called, and nobody knows why. Bring back what was good last, all "
        "of it, within fifteen minutes, and leave a line that says so. Finding the cause comes after.",
        "Print `drill.log` from its end, and `drill.serving`. Which four parts are served, and in which line of the log do the four "
        "stand that were good last? Was the release before this one good?",
        "Four parts belong together: weights, feature code, contract, threshold. Any other combination is a system that nobody has "
        "judged, even for two minutes. The release before the last was withdrawn. A rollback puts something in force, "
        "too: of all lines that do, take the last but one. What was approved once needs no second signature to return. And who explains a decision next year reads the log.",
        "One line, one call, one line:\n\n"
        "```\n"
        "def roll_back(drill):\n"
        "    log = drill.log[drill.log.model == 'readmission']\n"
        "    good = log[log.action.isin([...])].iloc[-2]\n"
        "    drill.serve(version=good.version, code=..., ...)\n"
        "    drill.write('rolled back', good.digest, 't.abara', 'why')\n"
        "```",
    ],
)

question(
    "W07.Q4",
    answer="review",
    title="A design on one page",
    expects="a dictionary: line number of the page to one of the names in `given(7).KINDS`",
    takes=dict,
    ask=lambda review, hospital: given(7).reviewed(review, hospital),
    hints=[
        "The page tells how the readmission model will be trained, released and undone. In six of its eleven paragraphs something "
        "would fail on the day it is needed. Name each, and of which kind it is. Leave alone what is only slow, old or unusual.",
        "Take the page to three nights: a family asks about May; the calls triple at 07:40; the disk is full at 05:00. For each "
        "paragraph: who looks where, and what do they find?",
        "*Kept* is what has a name that cannot change its meaning: a query, a folder called latest and a newest version are none. "
        "*History* is written when it happens. A gate tests files, not tags. Approval belongs to a digest. A rollback returns all "
        "four parts. What cannot be computed is said, not filled. A log that can be corrected is no log. And real rows are "
        "nobody's example.",
        "The form of an answer; take the numbers at the left edge:\n\n"
        "```\n"
        "review = {\n"
        "    3: 'not kept',\n"
        "    ...\n"
        "}\n"
        "```",
    ],
)

memo_form(
    "W07.M",
    fields={
        "change": "what changes, part by part, against what is served today: version, features, contract, threshold, digest",
        "evidence": "what shows that the cause is mended, and what the gate said, on how many stays",
        "kept": "what is kept, under which names, so that a prediction of that day can be explained in six months",
        "way_back": "to which digest you return, who may, in how many minutes, and when that was last tried",
        "approved_by": "who approved which digest, and who was told on the wards",
        "decision": "released, shadow first, or not, from when on",
        "watch": "what is looked at in the first days, by whom, and the value at which you go back",
    },
)

question(
    "W07.Q5",
    answer="search",
    title="Patients in a run's artefacts",
    expects="a function of (folder, people) that returns the names of the files with a patient in them, a list or set",
    kind="function",
    stretch=True,
    ask=lambda search, hospital: given(7).searched(search, hospital),
    then=lambda answer, hospital: given(7).held_against_the_files(answer, hospital),
    hints=[
        "A run has logged a folder of files. Which of them hold a patient: the record number of one, or a patient's first and family "
        "name together? Everybody who may see the registry may read them.",
        "List the folder and open each kind once. What do the bytes of the parquet file and of the `.gz` look like in an "
        "editor, and how is a name written in the traceback?",
        "What is packed must be unpacked before it is searched: `gzip.decompress`, `pd.read_parquet`. The rest can be read as bytes; "
        "the text field of a picture stands in them in clear. Letters come in capitals and in small, names in both orders. One family "
        "name alone is nobody: half the town is called so.",
        "The frame of it:\n\n"
        "```\n"
        "def text_of(path):\n"
        "    if path.suffix == '.parquet':\n"
        "        return pd.read_parquet(path).to_csv()\n"
        "    content = path.read_bytes()\n"
        "    content = gzip.decompress(content) if ... else content\n"
        "    return content.decode('latin-1')\n"
        "\n"
        "def search(folder, people):\n"
        "    forms = set(people.mrn) | set((people.given + ' ' + people.family).str.lower()) | set(...)\n"
        "    texts = {path.name: text_of(path).lower() for path in folder.iterdir()}\n"
        "    return [name for name, text in texts.items() if any(...)]\n"
        "```",
    ],
)

question(
    "W07.Q6",
    answer="as_of",
    title="Features as of a time",
    expects="a function of (log, asks) that returns a Series: one creatinine for each ask, missing where there was none, with `ask` as its index",
    kind="function",
    stretch=True,
    ask=lambda as_of, hospital: given(7).pulled(as_of, hospital),
    hints=[
        "For each ask: which creatinine could be read at that minute? Of the patient's results that were written by then take the one "
        "that was drawn last, in the value it had by then. Older than fourteen days counts as none.",
        "Take one patient with a corrected result: print her rows of the log beside her ask. Which rows had been written at that "
        "minute?",
        "Two clocks again. `written_at` decides what could be read; `drawn_at` decides which result is the newest, and how old it is. A "
        "result that was drawn early and corrected late is written last, and is not the newest. Filter first, then sort by both, then "
        "take the last.",
        "In pandas:\n\n"
        "```\n"
        "def as_of(log, asks):\n"
        "    both = asks.merge(log, on='patient')\n"
        "    seen = both[(both.written_at <= both['at']) & ...]\n"
        "    last = seen.sort_values([..., 'written_at']).groupby('ask').value.last()\n"
        "    return last.reindex(asks['ask'])\n"
        "```",
    ],
)
