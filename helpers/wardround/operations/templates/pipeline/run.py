"""The pipeline, by one command: each new week of the feed through nine steps, every step a line in the log.

python run.py [--feed FEED] [--as NAME] [--until WEEK]
python run.py approve DIGEST --as NAME --because WORDS
python run.py rollback --as NAME --because WORDS
python run.py explain STAY
python run.py log

It may be killed at any moment. Started again, it asks the log how far it came and goes on there.
"""

import argparse
import getpass
import sys
from pathlib import Path

from wardround import quiet

HOME = Path(__file__).resolve().parent
quiet.apply()  # MLflow asks nobody outside; before it is imported

import answers  # noqa: E402
from steps import deploy, evaluate, features, gate, monitor, register, rollback, train, validate  # noqa: E402
from wardround.operations.pipeline import ENDS, House, NoList  # noqa: E402
from wardround.operations.pipeline_desk import approve, explain, locked, plan_of, read_out, roll_back, told_of  # noqa: E402

STEPS = (validate, features, train, evaluate, gate, register, deploy, monitor, rollback)


def main():
    asked = arguments()
    with locked(HOME / "state"):
        house = House(HOME, asked.feed.resolve(), asked.actor, plan_of(HOME / "plan.toml"), answers)
        house.settle()  # what a kill left half done is put right: the log decides
        if asked.command == "approve":
            return approve(house, asked.what, asked.because)
        if asked.command == "rollback":
            return roll_back(house, rollback.bring_back, asked.because)
        if asked.command == "explain":
            return explain(house, asked.what)
        if asked.command == "log":
            return read_out(house)
        weeks = [week for week in house.weeks() if asked.until is None or week <= asked.until]
        for week in [week for week in weeks if not is_over(house, week)]:
            one_week(house, week)
        print(f"The log has {len(house.story())} lines; weeks done: {sum(is_over(house, week) for week in weeks)}.")


def is_over(house, week):
    """Say whether a week has gone through all of its steps, or stopped at the door."""
    return bool(house.told("rollback", week)) or (house.told("validate", week) or {}).get("ended") == "stopped"


def one_week(house, week):
    """Take a week through the steps that have not ended yet."""
    for step in STEPS:
        name = step.__name__.removeprefix("steps.")
        if house.told(name, week) is not None:
            continue
        try:
            said = {"ended": "ok", **step.run(house, week)}
        except ENDS:
            raise
        except Exception as trouble:  # a step that breaks does not take the ward its list: the next ones go on
            why = str(trouble) if isinstance(trouble, NoList) else f"{type(trouble).__name__}: {trouble}"
            said = {"ended": "stopped", "why": why}
            if step in (validate, deploy):
                house.write("no list", week=week, why=why)
        house.write("step", step=name, week=week, **said)
        if step is validate and said["ended"] == "stopped":
            break  # nobody knows who is discharged
    print(told_of(house, week), flush=True)


def arguments():
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("command", nargs="?", choices=["run", "approve", "rollback", "explain", "log"], default="run")
    reader.add_argument("what", nargs="?", help="the digest to approve, or the stay to explain")
    reader.add_argument("--feed", type=Path, default=HOME / "feed")
    reader.add_argument("--as", dest="actor", default=getpass.getuser(), metavar="NAME", help="you, for the log")
    reader.add_argument("--until", type=int, metavar="WEEK", help="stop after this week")
    reader.add_argument("--because", default="", metavar="WORDS")
    return reader.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ENDS as trouble:
        sys.exit(str(trouble))
