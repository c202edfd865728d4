"""Flattening beside named peers, on the same resources: rows a second on one core, and whether the cells agree.

    python tests/benchmarks/flatten.py [EXPORT] [--resources N]

Without an export it takes the default hospital if that is built, and otherwise makes Observations of the same shape.
Four engines read the same lines from memory (DuckDB from a file, its own way) and make the same eight columns:

* ours: ``compile_view`` over orjson, into a pandas frame;
* by hand: tuples written for this one table, into a pandas frame, the ceiling for Python;
* DuckDB: ``read_ndjson_objects`` and JSON paths, one thread;
* fhir.resources: parses and validates each resource, then reads attributes (a tenth of the resources).

Ratios are printed, nothing is asserted about time. Cells that differ are an error.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from pathlib import Path

import orjson
import pandas as pd
import wardround
from wardround.records import compile_view, frame, read_export, view_of
from wardround.records.tables import no_cycle_search

ROOT = Path(wardround.__file__).parents[2]
LOINC = "http://loinc.org"
COLUMNS = {
    "id": "getResourceKey()",
    "patient": "subject.getReferenceKey(Patient)",
    "encounter": "encounter.getReferenceKey(Encounter)",
    "loinc": f"code.coding.where(system = '{LOINC}').code.first()",
    "status": "status",
    "value": "value.ofType(Quantity).value",
    "unit": "value.ofType(Quantity).code",
    "effective": "effective.ofType(dateTime)",
}


def view() -> dict:
    kinds = {"value": "decimal"}
    columns = [{"name": name, "path": path, "type": kinds.get(name, "string")} for name, path in COLUMNS.items()]
    return {"resource": "Observation", "select": [{"column": columns}]}


def sample(count: int):
    """Yield made-up Observations of about the size and shape of the hospital's."""
    for number in range(count):
        yield orjson.dumps(
            {
                **{"resourceType": "Observation", "id": f"o-{number:014x}", "status": "final"},
                "meta": {
                    "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]
                },
                "category": [{"coding": [{"system": "urn:category", "code": "laboratory", "display": "Laboratory"}]}],
                "code": {
                    "coding": [{"system": "urn:local", "code": "NA"}, {"system": LOINC, "code": "2951-2"}][
                        number % 2 :
                    ],
                    "text": "Sodium",
                },
                "subject": {"reference": f"Patient/p-{number // 80:014x}"},
                "encounter": {"reference": f"Encounter/e-{number // 40:014x}"},
                "effectiveDateTime": "2022-06-01T11:01:00-04:00",
                "issued": "2022-06-01T11:59:00-04:00",
                "valueQuantity": {"value": 130 + number % 20, "unit": "mmol/L", "system": "urn:u", "code": "mmol/L"},
                "referenceRange": [{"low": {"value": 135, "unit": "mmol/L"}, "high": {"value": 145, "unit": "mmol/L"}}],
            }
        )


def lines_of(path: Path | None, count: int) -> list[bytes]:
    default = ROOT / "datasets" / "quillmere"
    path = path or (default if (default / "manifest.json").exists() else None)
    if path is None:
        print(f"{count:,} made-up Observations")
        return list(sample(count))
    resources = itertools.islice(read_export(path).resources("Observation"), count)
    lines = [orjson.dumps(resource) for resource in resources]
    print(f"{len(lines):,} Observations of {path}")
    return lines


def ours(lines: list[bytes]) -> pd.DataFrame:
    return frame(compile_view(view()), map(orjson.loads, lines))


def _row(found: dict) -> tuple:
    quantity = found.get("valueQuantity") or {}
    codes = (coding["code"] for coding in found["code"].get("coding", ()) if coding.get("system") == LOINC)
    return (
        *(found["id"], found["subject"]["reference"].removeprefix("Patient/")),
        found["encounter"]["reference"].removeprefix("Encounter/"),
        *(next(codes, None), found["status"], quantity.get("value"), quantity.get("code")),
        found.get("effectiveDateTime"),
    )


def by_hand(lines: list[bytes]) -> pd.DataFrame:
    with no_cycle_search():
        return pd.DataFrame([_row(orjson.loads(line)) for line in lines], columns=list(COLUMNS))


def duckdb(path: Path) -> pd.DataFrame:
    import duckdb

    with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False}) as connection:
        return connection.sql(f"""
            SELECT json->>'$.id' AS id,
                   replace(json->>'$.subject.reference', 'Patient/', '') AS patient,
                   replace(json->>'$.encounter.reference', 'Encounter/', '') AS encounter,
                   list_filter(CAST(json->'$.code.coding' AS JSON[]),
                               lambda c: c->>'$.system' = '{LOINC}')[1]->>'$.code' AS loinc,
                   json->>'$.status' AS status,
                   CAST(json->>'$.valueQuantity.value' AS DOUBLE) AS value,
                   json->>'$.valueQuantity.code' AS unit,
                   json->>'$.effectiveDateTime' AS effective
            FROM read_ndjson_objects('{path}')
        """).df()


def _validated(line: bytes) -> tuple:
    from fhir.resources.R4B.observation import Observation

    found = Observation.model_validate_json(line)
    quantity = found.valueQuantity
    codes = (coding.code for coding in found.code.coding or () if coding.system == LOINC)
    return (
        *(found.id, found.subject.reference.removeprefix("Patient/")),
        found.encounter.reference.removeprefix("Encounter/"),
        *(next(codes, None), found.status),
        *((float(quantity.value), quantity.code) if quantity else (None, None)),
    )


def fhir_resources(lines: list[bytes]) -> pd.DataFrame:
    names = list(COLUMNS)[:-1]  # it turns times into datetimes: the text as written is gone
    return pd.DataFrame([_validated(line) for line in lines], columns=names)


def timed(what: str, make, lines: int, reference: pd.DataFrame | None, ours_rate: float | None) -> tuple:
    make_once = time.perf_counter()
    found = make()
    rate = lines / (time.perf_counter() - make_once)
    exact = "reference"
    if reference is not None:
        expected = reference.head(len(found))[list(found.columns)]
        plain = [
            table.astype({"value": "float64"}).astype(object).where(table.notna(), None) for table in (found, expected)
        ]
        exact = "exact" if plain[0].reset_index(drop=True).equals(plain[1].reset_index(drop=True)) else "DIFFERENT"
    ratio = "" if ours_rate is None else f"  ours is {ours_rate / rate:.2f} times as fast"
    print(f"{what:42} {rate:>9,.0f} rows/s  {exact:9}{ratio}")
    return found, rate, exact


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", nargs="?", type=Path)
    parser.add_argument("--resources", type=int, default=200_000)
    asked = parser.parse_args()
    lines = lines_of(asked.export, asked.resources)
    few = lines[: len(lines) // 10]
    fhir_resources(few[:1])  # imports, and the models' first use
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "x.ndjson")
        file.write_bytes(b"\n".join(lines))
        table, rate, _ = timed("ours, 8 columns", lambda: ours(lines), len(lines), None, None)
        found = [
            timed("by hand, tuples", lambda: by_hand(lines), len(lines), table, rate),
            timed("DuckDB read_ndjson_objects, one thread", lambda: duckdb(file), len(lines), table, rate),
            timed("fhir.resources R4B (a tenth, 7 columns)", lambda: fhir_resources(few), len(few), table, rate),
        ]
    shipped = compile_view(view_of("labs"))
    labs, seconds = None, time.perf_counter()
    labs = frame(shipped, map(orjson.loads, lines))
    seconds = time.perf_counter() - seconds
    print(
        f"ours, the shipped labs: {len(labs):,} rows of {len(labs.columns)} columns, {len(labs) / seconds:,.0f} rows/s"
    )
    return int(any(exact == "DIFFERENT" for *_, exact in found))


if __name__ == "__main__":
    sys.exit(main())
