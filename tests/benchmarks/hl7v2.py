"""Splitting HL7 v2 messages beside the ``hl7`` library, on the same public messages: messages a second on one core.

    python tests/benchmarks/hl7v2.py [FOLDER]

Without a folder it takes the 142 sample messages of Microsoft's FHIR converter, from ``WARDROUND_EXTERNAL``.

* lines: ``str.split`` of each line at ``|``, the ceiling for Python;
* eight: ``Message`` and eight addresses, about what a feed's row asks for;
* all: ``Message`` and every repetition, component and subcomponent, escapes undone;
* hl7: ``hl7.parse``, which builds the same tree and leaves the escapes.

Rounds of the four alternate and the best of each counts; ratios are printed, nothing is asserted about time.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import hl7
import wardround
from wardround.records import Message, messages

ROOT = Path(wardround.__file__).parents[2]
EXTERNAL = Path(os.environ.get("WARDROUND_EXTERNAL") or ROOT.parent / "shared" / "external")
ADDRESSES = ("MSH-7", "MSH-9.2", "MSH-10", "PID-3.1", "PID-5.1", "PID-5.2", "PV1-2", "PV1-19.1")
ROUNDS = 7


def lines(text: str) -> None:
    for line in text.split("\r"):
        line.split("|")


def eight(text: str) -> None:
    message = Message(text)
    for address in ADDRESSES:
        message[address]


def everything(text: str) -> None:
    for segment in Message(text).all_segments:
        for n in range(1, len(segment.fields)):
            segment.parts(n)


def seconds(split: Callable[[str], object], texts: list[str]) -> float:
    begin = time.perf_counter()
    for text in texts:
        split(text)
    return time.perf_counter() - begin


def main(folder: Path) -> None:
    texts = [str(message).replace("\n", "\r") for message in messages(folder)]
    ways = {"lines": lines, "eight": eight, "all": everything, "hl7": hl7.parse}
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, split in ways.items():
            best[name] = min(best[name], seconds(split, texts))
    print(f"{len(texts)} messages, {sum(map(len, texts)) / len(texts):,.0f} characters each")
    for name, taken in best.items():
        print(f"{name:8} {len(texts) / taken:10,.0f} messages/s  {best['hl7'] / taken:6.1f} times hl7")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else EXTERNAL / "hl7v2-fhir-converter-samples")
