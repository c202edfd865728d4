"""The bank behind Q5: files that a run logs, some with a patient in them. Which hold one is told to ``keys.py`` alone."""

import gzip
import io
import json
import struct
import zlib

import pandas as pd

NAME, BOTH = "{given} {family}", "{family}, {given}"


def drawn(people, dice):
    """Return the files of a run by name, and by name the patient in them: how she is written, or None."""
    people = people[people.family.str.isascii() & people.given.str.isascii()]  # a picture's text field knows no others
    who = people.iloc[dice.permutation(len(people))[: len(WITH) + 4]].to_dict("records")
    chosen = [str(name) for name in dice.permutation(sorted(WITH))[:7]]
    chosen += [name for name in ALWAYS if name not in chosen]
    calm = [str(name) for name in dice.permutation(sorted(WITHOUT))[:4]]
    files = {name: WITH[name](who[place]) for place, name in enumerate(chosen)}
    files |= {name: WITHOUT[name](who[-1], who[-2]) for name in {*calm, *CALM}}
    return {name: files[name] for name in sorted(files)}, {name: name in chosen for name in sorted(files)}


def _text(text):
    return text.encode()


def _png(words):
    """A picture of one pixel whose title stands in a text field, as matplotlib writes it."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"tEXt", b"Title\0" + words.encode("latin-1", "replace"))
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def _parquet(table):
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()


def _svg(words):
    return _text(f'<svg xmlns="http://www.w3.org/2000/svg"><text x="4" y="9">{words}</text></svg>')


WITH = {
    "input_example.json": lambda one: _text(
        json.dumps({"name": NAME.format(**one), "creatinine": 1.4, "los_days": 5.1})
    ),
    "params.json": lambda one: _text(
        json.dumps({"strength": 0.01, f"weight_of_{one['mrn']}": 0.0, "reason": "outlier left out"})
    ),
    "traceback.txt": lambda one: _text(
        f"Traceback (most recent call last):\n  File \"fit.py\", line 31\nValueError: could not convert '{BOTH.format(**one).upper()}' to float\n"
    ),
    "residuals.svg": lambda one: _svg(f"largest residual: {one['mrn']}"),
    "importance.png": lambda one: _png(f"SHAP of {NAME.format(**one)}"),
    "worst_cases.parquet": lambda one: _parquet(
        pd.DataFrame({"mrn": [one["mrn"]] * 3, "risk": [0.91, 0.88, 0.86], "back": [False] * 3})
    ),
    "report.html.gz": lambda one: gzip.compress(
        f"<p>Reviewed with the ward: {NAME.format(**one).lower()}, called twice.</p>".encode(), mtime=0
    ),
    "tags.json": lambda one: _text(json.dumps({"author": "m.okafor", "note": f"fails on {BOTH.format(**one)}"})),
    "categories.json": lambda one: _text(
        json.dumps({"bed": ["4A-01", "4A-02"], "key": [f"mrn={one['mrn']}", "other"]})
    ),
    "dataset.yml": lambda one: _text(f"source: s3://exports/{one['mrn']}/labs.parquet\nrows: 3868\n"),
}
ALWAYS = ("traceback.txt", "worst_cases.parquet", "report.html.gz", "tags.json", "residuals.svg")
WITHOUT = {
    "family_names.txt": lambda one, other: _text(
        f"made from the phone book, no patients: {one['family']}, Test Patient, {other['given']} Example\n"
    ),
    "test_rows.json": lambda one, other: _text(json.dumps({"name": "Testa Testpatient", "mrn": "0000000000"})),
    "requirements.txt": lambda one, other: _text("numpy==2.4.6\npandas==3.1.1\nscikit-learn==1.9.1\n"),
    "by_group.csv": lambda one, other: _text("group,stays,back\nunder 75,2461,301\n75 and over,1407,264\n"),
    "calibration.svg": lambda one, other: _svg("calibration, 2,865 stays"),
    "model_hash.txt": lambda one, other: _text("4f1c9a3307e2" * 5 + "\n"),
    "worst_groups.parquet": lambda one, other: _parquet(pd.DataFrame({"group": ["dialysis"], "stays": [41]})),
}
CALM = ("family_names.txt",)
