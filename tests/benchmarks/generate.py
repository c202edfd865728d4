"""How fast a hospital is built, beside what the same machine does with bare dicts.

Run ``python tests/benchmarks/generate.py [SCALE]``. The peer is the simplest generator there can be: the same number
of laboratory Observations of the same size made from one literal, written by orjson and packed by gzip level 1, with
no model, no faults and no truth behind them.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
import tempfile
import time
from pathlib import Path

import orjson
from wardround.hospital import DEFAULT_SEED, build, simulate


def bare(count: int, size: int, out: Path) -> float:
    """Return seconds for ``count`` Observations of about ``size`` bytes from one literal."""
    filler = "x" * max(0, size - 330)
    begun = time.process_time()
    digest = hashlib.sha256()
    with gzip.open(out, "wb", compresslevel=1) as stream:
        for start in range(0, count, 20_000):
            lines = [
                orjson.dumps(
                    {
                        "resourceType": "Observation",
                        "id": f"o-{number:014x}",
                        "status": "final",
                        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}], "text": filler},
                        "subject": {"reference": f"Patient/p-{number // 80:014x}"},
                        "effectiveDateTime": "2022-07-04T14:05:00-04:00",
                        "valueQuantity": {"value": number % 97 / 10, "unit": "mg/dL", "code": "mg/dL"},
                    },
                    option=orjson.OPT_APPEND_NEWLINE,
                )
                for number in range(start, min(start + 20_000, count))
            ]
            chunk = b"".join(lines)
            digest.update(chunk)
            stream.write(chunk)
    return time.process_time() - begun


def main(scale: float) -> None:
    """Print seconds of processor time, resources a second, and the ratio to the bare generator."""
    begun = time.process_time()
    simulate(DEFAULT_SEED, scale=scale)
    world = time.process_time() - begun
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        hospital = build(Path(folder) / "h", scale=scale)
        spent = time.process_time() - begun
        manifest = orjson.loads((hospital / "manifest.json").read_bytes())
        lines = sum(entry["lines"] for entry in manifest["counts"].values())
        size = sum(entry["bytes"] for entry in manifest["files"].values())
        plain = bare(lines, size // lines, Path(folder) / "bare.gz")
    print(f"scale {scale}: {lines:,} resources, {size / 1e6:,.0f} MB")
    print(f"world alone      {world:6.2f} s of one core")
    print(
        f"hospital on disk {spent:6.2f} s   {lines / spent:10,.0f} resources a second   {size / spent / 1e6:5.0f} MB/s"
    )
    print(f"bare generator   {plain:6.2f} s   {lines / plain:10,.0f} resources a second")
    print(f"ratio hospital / bare: {spent / plain:.1f} times the time")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
