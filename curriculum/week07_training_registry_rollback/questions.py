"""Week 7: what is asked, and how. Answers and reasons are in ``keys.py``."""

from wardround.course.given import given
from wardround.course.questions import memo_form, prediction, question

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
