# %% [markdown]
# # Appendix: your own export
#
# *About 25 minutes (an estimate). You have done weeks 1 and 2. Without an export of your own it runs on a sample.*
#
# Weeks 1 and 2, on your hospital's data, as one report. Ten minutes of them are the machine's; the rest is asking
# somebody first, and reading what comes out without believing too much.
#
# You will be able to
#
# - ask for an export that you may have, and say where it lies and who agreed;
# - read each line of the report as a question to the sender;
# - say what no such report can see.

# %% [markdown]
# ## 1. Before there is a file
#
# *About 6 min · 6 min so far*
#
# Name the folder below, or in the variable `WARDROUND_EXPORT` before you start the lab.

# %%
import os
from pathlib import Path

from wardround import claim
from wardround.course import places

EXPORT = os.environ.get("WARDROUND_EXPORT", "")  # or: EXPORT = "/secure/export-2026-11"
own = bool(EXPORT)
export = Path(EXPORT) if own else places.root() / "datasets" / "sample"
"your own export" if own else "forty people of Quillmere, our sample"

# %% [markdown]
# An export holds protected health information (PHI), so the first answer is on paper. Ask your privacy or compliance
# office, and the review board where research is meant. Five lines:
#
# - **Purpose**: "to judge the quality of the feed before a model is planned".
# - **What**: types and a period. Minimum necessary binds use inside as well: who needs access, to which categories, on
#   what conditions [inside-use](#Sources). The audit needs no notes: leave `DocumentReference` and
#   `Binary` out, and begin with one month.
# - **Where**: a folder on an encrypted, managed disk; not synchronised, no stick, no mail.
# - **Who** may open it, and who approved, by name.
# - **Until when**, and who deletes it and the report.
#
# The interface team calls it a *bulk data export*. While it is read, a copy lies in
# the folder for temporary files. Is that disk encrypted, too?

# %%
import tempfile

"the folder you chose" if os.environ.get("TMPDIR") else f"the system's: {tempfile.gettempdir()}"

# %% [markdown]
# The copy is readable by you alone and goes when this notebook's kernel ends; one that is killed leaves it behind.
# Choose another folder with `TMPDIR`.
#
# The course opens no connection outside. What can leave is what you copy: **no screenshot, no paste into a chat, a
# ticket or a mail**. A notebook keeps its outputs in its file, so on your own export this one prints counts, no record.
#
# ## 2. The report
#
# *About 6 min · 12 min so far*
#
# The same as `wardround audit EXPORT --out report.html` in a terminal.

# %%
from time import perf_counter

from wardround.records import read_export
from wardround.records.audit import audit, keep

start = perf_counter()
hospital = read_export(export)
made = audit(hospital)
f"{made.resources:,} resources in {perf_counter() - start:,.0f} s"

# %% [markdown]
# A million resources, Quillmere's whole export, took three minutes and 2.7 GB of memory when this page was written, on
# a machine that did other work besides. A month of a hospital is well within ten.
#
# The page goes beside your export, readable by you alone: it names records, times and birth dates. It is as
# confidential as the export, and is deleted with it.

# %%
page = export.parent / "audit.html" if own else places.work() / "audit-of-the-sample.html"
page.parent.mkdir(parents=True, exist_ok=True)
keep(made, page)
found = made.summary[made.summary.n > 0].set_index("check")
found[["severity", "n", "of"]]

# %% [markdown]
# Three kinds. **Stops**: settle it before anybody models. **Look**: a person decides. **Note**: know it. They are our
# order, an assumption; on your ward a *note* may stop you.

# %%
if not own:
    claim(found.severity.value_counts().to_dict(), exactly={"look": 12, "note": 7, "stops": 1})
found.severity.value_counts()

# %% [markdown]
# ## 3. How to read a line
#
# *About 8 min · 20 min so far*
#
# Each has the same parts: *how many of how many*, what it does on the ward, what to ask the sender. Take the first.

# %%
line = (found if len(found) else made.summary).iloc[0]
for part in ("title", "says", "consequence", "ask"):
    print(f"{part:12} {line[part]}")

# %% [markdown]
# In the sample: 16 of 957 values fit only after a conversion. No unit string was believed; the numbers were. A glucose of
# 5.8 is written mg/dL and reads like mmol/L:

# %%
if not own:
    claim((found.loc["unit_mixup", "n"], found.loc["unit_mixup", "of"]), exactly=(16, 957))
    print(made.of("unit_mixup").detail.head(4).to_string(index=False))

# %% [markdown]
# **Mind the denominator.** "271 of 939 outside their stay" is alarming; in the sample eight faults of each kind are
# planted among forty people, and one wrong stay drags all its results along. So ask of each line how many *causes* it
# has, not how many rows:

# %%
outside = set(made.of("outside_encounter").resource_id)
stays = set()
for table, key in ((hospital.tables.labs, "lab_key"), (hospital.tables.vitals, "vital_key")):
    stays |= set(table.encounter_key[table[key].isin(outside)].dropna())
if not own:
    claim((len(outside), len(stays)), exactly=(271, 8))
f"{len(outside):,} results and procedures; the results among them lie in {len(stays):,} stays"

# %% [markdown]
# And a line that is *not* there is no promise. "Looked for and not found" names the checks that had something to look
# at. What there was nothing of stands under "What was not judged": read that part first.

# %%
for sentence in made.not_judged[:3]:
    print("-", sentence)

# %% [markdown]
# ## 4. When it breaks: an export that passes
#
# *About 4 min · 24 min so far*
#
# We spoil the sample: every potassium gets the value of the next one in the file. Each number is true, and lies in
# another person's chart.

# %%
import shutil

import orjson


def spoiled(source, target):
    shutil.copytree(source, target)
    lines = [orjson.loads(line) for line in (target / "Observation.ndjson").open("rb")]
    held = [one for one in lines if "2823-3" in str(one["code"]) and "valueQuantity" in one]
    values = [one["valueQuantity"]["value"] for one in held]
    for one, value in zip(held, values[1:] + values[:1], strict=True):
        one["valueQuantity"]["value"] = value
    (target / "Observation.ndjson").write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return len(held)


# %%
sample = places.root() / "datasets" / "sample" / "export"
before = audit(read_export(sample)).summary
with tempfile.TemporaryDirectory() as scratch:
    n = spoiled(sample, Path(scratch) / "export")
    after = audit(read_export(Path(scratch) / "export")).summary
claim((n, before.equals(after)), exactly=(21, True))

# %% [markdown]
# Twenty-one wrong results, and not one line of the report differs. An export shows faults of *form* and of *consistency*.
# Whether a value is true, whose it is, when it was known, and whether two records were merged wrongly, it does not
# show. For that, take twenty records at random and hold them against the chart, with a person who may open it.

# %% [markdown]
# ## 5. A public one to practise on
#
# *About 1 min · 25 min so far*
#
# The MIMIC-IV demo on FHIR holds 100 real patients without their names, under a licence of its own
# [mimic-demo](#Sources). It is not part of this course and no cell fetches it. You can: its
# [page at PhysioNet](https://physionet.org/content/mimic-iv-fhir-demo/) says how and under which terms. Put the
# `.ndjson.gz` files into one folder and name it above.
#
# Expect three things. Its times were moved past 2100, so the report refuses to judge silent days; order within one
# patient stands. Its codes are mostly the hospital's own, so "without a standard code" is long. And it is de-identified:
# that is a rule met, no permission to look for who they are. *We have not run this report on it; write down what
# differs.*
#
# ## What you have now
#
# - Five lines on paper, and a name under them, before a file.
# - A report that is as confidential as the export; counts in the notebook, records in the page.
# - Lines to send to the interface team as questions, causes and not rows counted.
# - What it cannot see: truth, ownership, timing. Twenty charts and a person can.
#
# New words are in the [glossary](../glossary.md).
#
# ## Sources
#
# - **inside-use**: For use inside, minimum necessary asks a covered entity to name the classes of people who need access, the categories of information and the conditions; the exemption for treatment is of disclosures and requests. 45 CFR 164.502(b) and 164.514(d), texts published by a law firm, read November 2026.
# - **mimic-demo**: The MIMIC-IV demo on FHIR, version 2.1.0, holds de-identified records of 100 patients of one hospital in Boston, open under the Open Data Commons Open Database License; an example in its guide is dated 2174. PhysioNet's page of the data set, its entry in the AWS registry of open data and the MIMIC implementation guide, read November 2026 in stored copies.
