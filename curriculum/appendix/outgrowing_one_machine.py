# %% [markdown]
# # Appendix: outgrowing one machine
#
# *About 28 minutes (an estimate). You have done week 1. Without Java you can read along.*
#
# Somebody on your team says that the export is too big and that it is time for Spark. First you want a
# measured number, a way to move that changes no cell, and a list of what the move costs.
#
# You will be able to
#
# - say in minutes what one machine needs for your export;
# - run a ViewDefinition on Spark and prove that the rows are the same;
# - name what a cluster changes, and ask who may read what it leaves on disk.

# %% [markdown]
# ## 1. When one machine is enough
#
# *About 6 min · 6 min so far*
#
# We take the encounters, one resource a line, and the view that makes `hospital.tables.encounters`. It is a dictionary:
# JSON that was read from a file.

# %%
import orjson
from wardround import claim, load
from wardround.records import RecordsError, compile_view, frame, view_of

hospital = load()
file = hospital.path / "Encounter.ndjson"
view = view_of("encounters")

# %% [markdown]
# Now the whole way on one core: read each line, parse it, evaluate the view, make a table.

# %%
from time import perf_counter

start = perf_counter()
with file.open("rb") as lines:
    local = frame(compile_view(view), map(orjson.loads, lines))
per_second = len(local) / (perf_counter() - start)
claim(len(local), about=39_794, within=0)
f"{len(local):,} rows, {per_second:,.0f} a second: ten million take {10_000_000 / per_second / 60:,.0f} minutes"

# %% [markdown]
# That is *this* machine, in this minute, on cores that other work shares. Measure yours. The order of magnitude stays:
# ten million resources are minutes on one core, not days.
#
# So ask first how many resources there are and how often the table is made. Ten million a night are no reason to move.
# These are: the data no longer fit on one disk; the table is needed sooner than one machine can; or the data already
# live on a cluster, and copying them out is the greater risk.

# %% [markdown]
# ## 2. The same view on Spark
#
# *About 7 min · 13 min so far*
#
# Spark cuts the files into *partitions* and gives each to a worker. Ours run on this machine and talk over loopback
# only. Spark needs Java; if it is missing, the next cell says so and the cells after it pass.

# %%
from wardround.records.spark import session, spark_rows, tally

try:
    spark = session()
except RecordsError as missing:
    spark = print(missing)

# %% [markdown]
# The view goes in as it is. Nothing is translated: each worker runs the evaluator that you know on its share of the
# lines, so there is one meaning of each path and not two.

# %%
if spark:
    rows = spark_rows(view, file, spark)
    timed = []
    for _ in range(2):
        start = perf_counter()
        timed.append(claim(rows.count(), about=39_794, within=0) / (perf_counter() - start))
    print("rows a second, first pass {:,.0f}, warm {:,.0f}".format(*timed))

# %% [markdown]
# The first pass pays for starting the workers. Even warm, two cores with Spark were slower than one without when this
# page was built: each line travels from Java to Python and each row back. Spark does not make one machine faster. It
# makes the *second* machine possible.
#
# A fast table that differs is worth nothing, so compare every cell. Spark promises no order; we sort both. And a job that
# drops lines looks like a job that works, so ask what it could not read.

# %%
def sorted_cells(table):
    return table.astype(object).where(table.notna(), None).sort_values(list(table.columns[:1]), kind="stable")


if spark:
    same = rows.toArrow().to_pandas()[list(local.columns)]
    print("every cell equal:", claim(sorted_cells(same).values.tolist() == sorted_cells(local).values.tolist(), exactly=True))
    print("unreadable lines:", claim(int(tally(rows).unreadable.sum()), exactly=0))

# %% [markdown]
# Equal in every cell, missing ones and times included, and nothing was left out. `tally(rows)` counts by file and gives
# reasons, and these quote no line: that text would end in a log, and logs are read by more people than records.

# %% [markdown]
# ## 3. When it breaks: a schema that guesses
#
# *About 5 min · 18 min so far*
#
# The quick way is to let the engine infer columns from the data. DuckDB does it well and fast; here is what it makes of
# a stay's start and end, beside the text that was written.

# %%
import duckdb

guess = f"read_ndjson('{file}')"
kinds = duckdb.sql(f'SELECT typeof(period."start"), typeof(period."end") FROM {guess} LIMIT 1').fetchall()[0]
first = duckdb.sql(f'SELECT CAST(period."start" AS VARCHAR) FROM {guess} LIMIT 1').fetchall()[0][0]
claim(kinds, exactly=("TIMESTAMP WITH TIME ZONE", "VARCHAR"))
kinds, first, local.admitted_raw[0]

# %% [markdown]
# Two faults in one row. The start has become an instant and its offset is gone: nobody can say any more what the ward's
# clock showed, and "admitted at night" is now a question about UTC. The end stayed text, because of the values this
# hospital happens to have. At the next site it may be the other way round.
#
# And an element that a site does not send is no column at all:

# %%
def attempt(make):
    try:
        return make()
    except Exception as refused:
        return f"{type(refused).__name__}: {str(refused).splitlines()[0]}"


wanted = {"resource": "Encounter", "select": [{"column": [{"name": "account", "path": "account.reference", "type": "string"}]}]}
guessed = attempt(lambda: duckdb.sql(f"SELECT e.account FROM {guess} e").fetchall())
guessed, attempt(lambda: compile_view(wanted)(hospital.resources("Encounter"))[0])

# %% [markdown]
# The inferred query crashes; the view gives an empty cell. Spark's `read.json` infers in the same way. A ViewDefinition
# names its columns and types before it has seen a line, so every site gives the same table.

# %% [markdown]
# ## 4. What a cluster changes
#
# *About 7 min · 25 min so far*
#
# **Files.** A `.gz` file cannot be cut: it is one partition and keeps one core busy, however many you rent.

# %%
if spark:
    plain, packed = (spark_rows(view_of(name), hospital.path / file, spark).rdd.getNumPartitions()
                     for name, file in [("encounters", "Encounter.ndjson"), ("labs", "Observation.ndjson.gz")])
    print("partitions:", claim((plain, packed), exactly=(2, 1)))

# %% [markdown]
# The 738,719 observations, the largest file by far, would run on one core. Ask for exports in parts of 100 to 200 MB.
# Thousands of tiny files are the opposite fault: opening them then costs more than reading.
#
# **The last version.** Whether a line is the last of its resource is known when all have been read. So the rows must
# meet by id, in a *shuffle* over the network. Here it is one word:

# %%
if spark:
    last = spark_rows(view, file, spark, last_only=True)
    print(claim(last.count(), exactly=len(hospital.tables.encounters)), "of", f"{len(local):,}")

# %% [markdown]
# 80 lines were older versions. Without `last_only` they stay, and a stay that was corrected counts twice.
#
# **Skew.** Work that is grouped by patient waits for the patient with the most rows. How uneven are ours?

# %%
per_patient = hospital.tables.labs.patient_key.value_counts()
claim(per_patient.max() / per_patient.median(), about=31, within=1)
per_patient.describe(percentiles=[0.5, 0.99]).round()

# %% [markdown]
# Half of the patients have 23 results or fewer, one has 726, and a worker that gets that one is busy some 31 times as long
# as for the median. Group by stay where that answers the question.
#
# **Where records lie.** A shuffle *spills* to the workers' disks, and those files hold patients' data without the access
# rules of the table they came from. Error logs may quote rows.
#
# ## 5. The lead's lens
#
# *About 3 min · 28 min so far*
#
# Three questions for whoever runs the cluster. *Who may read the spill folder and the workers' logs, and when are they
# deleted?* A good answer names a path, a group and hours. *Are disk and traffic encrypted?* *Which count of unreadable lines came with this table?* If the answer is "Spark handles that", it is not
# handled. Here, the spill folder is temporary; may anybody else open it?

# %%
if spark:
    import stat
    from pathlib import Path

    spilled = Path(spark.conf.get("spark.local.dir"))
    mode, before = stat.filemode(spilled.stat().st_mode), len(list(spilled.glob("blockmgr-*")))
    spark.stop()
    print(mode, claim((before, len(list(spilled.glob("blockmgr-*")))), exactly=(1, 0)))

# %% [markdown]
# Only you may; and `spark.stop()` has emptied it, one folder before and none after. A process that is killed leaves it
# lying, here until the next `session()`. On a cluster neither is a given.
#
# <details><summary>Who else runs the same JSON</summary>
#
# Pathling (on Spark), Aidbox, Medplum and Google's FHIR Data Pipes are listed as implementations of SQL on FHIR:
# *documented by them, not run here*. Before you rely on one, run your views on a small export in both and compare every
# cell, as above.
#
# </details>
#
# ## What you have now
#
# - Ten million resources are minutes on one core: measure before you move.
# - The view is the contract. Prove equality of cells, and keep the count of what could not be read.
# - A cluster adds disks and logs that hold patients' data. Somebody owns them by name.
#
# New words are in the [glossary](../glossary.md).
