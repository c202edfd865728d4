"""The sample, forty people to read on a screen: ``python tests/sample.py`` writes it, ``test_sample.py`` compares it.

Half a year of another seed than the course's, as ``hospital build`` writes it: the export unpacked, the feeds as they
are; neither warehouse nor truth. The seed is one whose people were seldom admitted, so that all stays below LIMIT.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from wardround.hospital import build

FOLDER = Path(__file__).resolve().parents[1] / "datasets" / "sample"
PARAMETERS = {"seed": 275, "scale": 0.01264, "weeks": 26}  # 177 keys of the panel, of which forty come to the hospital
PEOPLE = 40
LIMIT = 2_000_000  # bytes


def write(folder: Path, whole: Path) -> None:
    """Write what the manifest of the hospital in ``whole`` lists into ``folder``, plain, with a manifest of its own."""
    manifest = orjson.loads((whole / "manifest.json").read_bytes())
    listed = {name.removesuffix(".gz"): name for name in manifest["files"]}
    # sums are of the unpacked bytes: they hold under the new names
    manifest["files"] = {plain: manifest["files"][name] for plain, name in listed.items()}
    shutil.rmtree(folder, ignore_errors=True)
    for plain, name in listed.items():
        content = (whole / name).read_bytes()
        (folder / plain).parent.mkdir(parents=True, exist_ok=True)
        (folder / plain).write_bytes(gzip.decompress(content) if name.endswith(".gz") else content)
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        write(FOLDER, build(Path(temporary) / "whole", **PARAMETERS))
