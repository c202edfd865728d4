"""A3's picture: whole and small enough, of the card and settings as they are, and told to whoever cannot see it."""

from __future__ import annotations

import re
import struct
import zlib

import pytest
from assistant_samples import alone, change, make_older, png, take_picture, whole_assistant
from wardround.operations import picture, report_pdf
from wardround.operations.picture import NoPicture, mark, read_picture
from wardround.operations.portfolio import render, report
from wardround.operations.report_lint import lint


@pytest.fixture
def folder(tmp_path):
    """The assistant's folder of a learner who has done everything."""
    whole_assistant(tmp_path / "triage")
    return tmp_path / "triage"


def test_the_picture_is_inside_the_page_with_words_its_date_and_whether_it_is_of_this_card(folder):
    text = render(report(alone(folder)))
    assert 'src="data:image/png;base64,iVBOR' in text and "It reads: 180 of 1,000 patients like this one" in text
    assert "Taken 2026-11-24 10:00 UTC, 60 × 40 points, of the card and settings of this page." in text
    change(folder / "card.html.j2", ("What the assistant adds", "What the assistant means"))
    again = render(report(alone(folder)))
    assert "of an earlier card or earlier settings; `wardround triage picture` takes it again" in again
    assert not re.search(r'(?:src|href)="(?!#|data:image/png;base64,)', text)


def test_a_picture_that_says_nothing_of_itself_is_dated_by_its_file(folder):
    (folder / "picture.png").write_bytes(png())
    made = alone(folder)
    assert not made.assistant.picture_older and not lint(made).findings
    make_older(folder / "picture.png", 60)
    assert "picture shows the card" in {one.kind for one in lint(alone(folder)).findings}
    take_picture(folder)  # what it says of itself counts more than the time of its file
    make_older(folder / "picture.png", 60)
    assert not lint(alone(folder)).findings


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no PNG"),
        (b"GIF89a", "no PNG"),
        (png()[:-20], "damaged or cut off"),
        (png().replace(b"IDAT", b"IDAX"), "damaged or cut off"),
        (picture.SIGNATURE, "damaged or cut off"),
        (png(width=9_000, height=2), "9,000 × 2"),
        (picture.SIGNATURE + struct.pack(">I", 2**31) + b"IHDR", "damaged or cut off"),
        (
            picture.SIGNATURE + struct.pack(">I", 0) + b"IHDR" + struct.pack(">I", zlib.crc32(b"IHDR")) + png()[33:],
            "cut off",
        ),
        (png() + b"x" * picture.LARGEST, "more than the 4,000,000"),
    ],
    ids=["empty", "GIF", "cut", "no points", "no parts", "wide", "head too long", "head too short", "large"],
)
def test_a_file_that_is_no_picture_is_a_gap_with_its_reason(folder, content, why):
    (folder / "picture.png").write_bytes(content)
    with pytest.raises(NoPicture, match=re.escape(why)):
        read_picture(folder / "picture.png")
    assert "picture.png cannot be shown" in render(report(alone(folder)))
    assert report_pdf.pdf(report(alone(folder))).startswith(b"%PDF")


def test_points_that_unpack_to_more_than_the_picture_are_refused(tmp_path):
    bomb = png(4_000, 4_000).replace(struct.pack(">II", 4_000, 4_000), struct.pack(">II", 4, 4))
    head = bomb.index(b"IHDR")
    mended = bomb[: head + 17] + struct.pack(">I", zlib.crc32(bomb[head : head + 17])) + bomb[head + 21 :]
    (tmp_path / "x.png").write_bytes(mended)
    with pytest.raises(NoPicture, match="not whole"):
        read_picture(tmp_path / "x.png")


def test_words_in_a_picture_are_replaced_and_the_picture_stays(tmp_path):
    once = mark(mark(png(), {picture.SAYS: "früher"}), {picture.SAYS: "Größer\n als ‮vorher", picture.OF: "abc"})
    (tmp_path / "x.png").write_bytes(once)
    made = read_picture(tmp_path / "x.png")
    assert (made.says, made.of, made.width, made.height) == ("Größer als ‮vorher", "abc", 60, 40)
    assert once.count(b"Description") == 1
