"""The bank behind Q4: paragraphs of a one-page design, sound ones and ones with a fault. Why a fault is one, and
of which kind, stands in ``keys.py``.

A *slot* is a heading of the page; a draw takes one paragraph for each. Names say nothing to learners: they see the text.
"""

from textwrap import wrap

TITLE = "Readmission model: how it is trained, released and undone (one page, version 0.3)"
WIDTH = 108
SLOTS = (
    "data",
    "features",
    "training",
    "registry",
    "gate",
    "release",
    "serving",
    "failure",
    "rollback",
    "log",
    "access",
)
FAULTY = 6  # of eleven
PARAGRAPHS = {
    "data.query": "Each training run reads the warehouse with the query in git. The commit is tagged on the run, so any run can be repeated from its query.",
    "data.latest": "The training table is written to exports/train_latest.parquet; each month's run replaces it. Its SHA-256 is tagged on the run.",
    "data.kept": "The training table is written once as a file named by its SHA-256 and never changed; the run is tagged with that name. It is deleted after ten years, on a list.",
    "data.copy": "Each run copies its training table, 40 MB, into the archive. We do not de-duplicate: twelve copies a year are cheaper than a mistake.",
    "features.two": "For training, features are computed in SQL over the warehouse, which has all results in their final form; at eight o'clock the service computes them in Python from the live feed.",
    "features.current": "Features are read from the feature table, which keeps the newest value of each patient. For training they are joined to stays by patient.",
    "features.one": "One Python file computes the features for training and for the service. Training rows are joined by when a value could be read, not by when the sample was drawn.",
    "features.nostore": "There is no feature store. One file computes all features; the 08:00 list is 20 rows and takes a second.",
    "training.lock": "Runs install the newest patch releases, so that security fixes come in. Seeds are fixed to 42 and logged.",
    "training.laptop": "The final model is trained on the data scientist's laptop, which has the graphics card, and uploaded. Parameters, metrics and the seed are logged.",
    "training.fixed": "Runs install from a lock file with hashes; its SHA-256, the commit and the seed are logged. Security fixes come as a new lock and a new run.",
    "training.cron": "A nightly job trains on one old machine without a graphics card, from the lock file in the commit. It takes four hours. Nobody has asked for faster.",
    "registry.alias": "The alias champion says which version is in use, the tag threshold at which score we call. Who asks about a past day looks there.",
    "registry.stage": "MLflow keeps versions and their dates of registration. For a past day, the version registered last before it is the one that was in use.",
    "registry.log": "MLflow keeps the versions. What was in use when, with its threshold, is a line in the log of releases; the alias is for people who look at the page.",
    "registry.sqlite": "The registry is MLflow over one SQLite file, backed up each night and restored once a quarter to see that it works. Some ten runs a month do not need a server.",
    "gate.reported": "A candidate is admitted if the AUROC that its run reports is above that of the model in use. The gate runs in CI on every pull request.",
    "gate.tags": "The gate demands that snapshot hash, lock hash and approval are tagged on the run, and stops where one is absent.",
    "gate.computed": "The gate computes everything anew on kept rows: AUROC, calibration, groups, the hash of the snapshot. It admits up to 0.02 below the model in use.",
    "gate.refuses": "The gate refused 14 of the last 17 candidates, on rows that nobody trains on. We keep all its rules, and publish the reasons.",
    "release.alone": "The author releases when CI is green. CI is the second pair of eyes; a second person would only press the same button.",
    "release.before": "A second person approves the pull request; later commits, such as a merge of main, do not need a new approval.",
    "release.two": "A second person approves the digest of the bundle. Whatever changes afterwards is another digest and needs another approval.",
    "release.friday": "Releases are allowed on any day, Fridays too: two persons, one digest, and whoever is on call that night knows how to roll back and has done it.",
    "serving.coerce": "Values outside of the contract are set to missing and imputed with the median, so that the 08:00 list is always complete.",
    "serving.lastscore": "If no fresh score can be computed for a patient, the service returns the last one it had, so that no field on the screen is empty.",
    "serving.contract": "A row that breaks the contract gets no score, and the screen says so and why. The nurse makes that part of the list by LACE.",
    "serving.empty": "On some mornings the list has gaps: a row that breaks the contract shows *no score, creatinine in an unknown unit*. The nurse decides by LACE, and we accept the calls about it.",
    "failure.quiet": "If the job fails at night, yesterday's list is shown in the morning, with today's date. The failure is written to the server's log file.",
    "failure.retry": "If the job fails it is tried again each minute until it works. Nobody needs to be woken.",
    "failure.page": "If the job fails, whoever is on call is paged at 05:00 and the screen says that there is no list. Twice a quarter we break it on purpose.",
    "failure.paper": "If everything fails, the screen says so, and the ward has a sheet of paper with LACE and a pen. The sheet was used twice last year.",
    "rollback.container": "To undo a release we deploy yesterday's container, which has the old model in it. Threshold and feature settings come from the configuration service, as always.",
    "rollback.alias": "To undo a release, the alias champion is moved to the version before. It takes seven milliseconds.",
    "rollback.bundle": "Model, feature code, contract and threshold are one bundle with one digest. To undo a release, the server is pointed to the bundle that was good last.",
    "rollback.alone": "A rollback needs no approval: one person alone may do it at three in the morning, to any bundle that was approved and not withdrawn, and writes why.",
    "log.table": "Releases are logged in a table of the operations database. The team that releases has write access, to correct typing mistakes.",
    "log.wiki": "Each line of the log of releases is a row of the team's wiki: minute, version, threshold, names. Rows are amended when something changes.",
    "log.chain": "Each line of the log holds the hash of the line before. The last hash goes to the compliance office by mail each evening.",
    "log.names": "The log names who released and who rolled back, in full, and cannot be edited, not even to remove somebody who has left. Human resources have agreed.",
    "access.example": "Each run logs five real rows as the model's input example, so that anybody in the company can try the model from the registry's page.",
    "access.trace": "The service logs the whole row on each error, so that developers can reproduce it; logs go to the vendor's dashboard.",
    "access.synthetic": "Input examples are made up. Snapshots hold patients' data and can be read by two persons, by name, with a line in the access log each time.",
    "access.two": "Only two persons can read the snapshots. Data scientists train without seeing rows, which slows them down, and they say so.",
}

FAULTS = {
    *("data.query", "data.latest", "features.two", "features.current", "training.lock", "training.laptop"),
    *("registry.alias", "registry.stage", "gate.reported", "gate.tags", "release.alone", "release.before"),
    *("serving.coerce", "serving.lastscore", "failure.quiet", "failure.retry", "rollback.container", "rollback.alias"),
    *("log.table", "log.wiki", "access.example", "access.trace"),
}


def drawn(dice):
    """Return one paragraph a slot: their names."""
    with_fault = set(dice.permutation(SLOTS)[:FAULTY].tolist())
    chosen = []
    for slot in SLOTS:
        names = [
            name for name in PARAGRAPHS if name.startswith(f"{slot}.") and (name in FAULTS) == (slot in with_fault)
        ]
        chosen.append(str(dice.choice(names)))
    return chosen


def page_of(names):
    """The page as lines, and the numbers of the lines of each paragraph."""
    lines, numbers = [TITLE, ""], {}
    for name in names:
        text = f"{name.split('.')[0].capitalize()}. {PARAGRAPHS[name]}"
        start = len(lines) + 1
        lines += [*wrap(text, WIDTH), ""]
        numbers[name] = list(range(start, len(lines)))
    return lines, numbers
