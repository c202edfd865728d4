"""Feeds: HL7 v2 split as the `hl7` library splits it, nothing lost whatever the bytes, and views as of then."""

import re
from pathlib import Path

import hl7
import pandas as pd
import pytest
from conftest import EXTERNAL, require
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wardround.records import Message, RecordsError, claims_as_of, messages, read_export, read_feeds, results_as_of
from wardround.records import claims as claim_lines
from wardround.records.hl7_files import BatchLine, Chunk, chunks
from wardround.records.hl7v2 import Segment, Separators, escape, unescape

HEAD = r"MSH|^~\&|EHR|QMC|LAB|QMC|20240103140500-0500||{kind}|{key}|P|2.5.1"
PERSON = "PID|1||X9^^^OTHER^PI~77^^^QUILL^MR||Vale^Ada^M||19700601|F|||1 Way^^Town^NY^12345||555-0101"
VISIT = "PV1|1|I|4W^12^A|||" + "|C1^House" + "|" * 12 + "V5" + "|" * 17 + "01" + "|" * 8 + "202401030900|202401051100"


def message(*segments: str, kind: str = "ADT^A01", key: str = "M1", end: str = "\r") -> str:
    return end.join([HEAD.format(kind=kind, key=key), *segments]) + end


def order(number: str, *results: str) -> list[str]:
    return [f"OBR|1||{number}^LAB|BMP^Basic|||202401031300|{'|' * 14}20240103140000", *results]


def result(value: str, *, code: str = "2823-3", kind: str = "NM", status: str = "F") -> str:
    return f"OBX|1|{kind}|{code}^Potassium^LN||{value}|mmol/L|3.5-5.1|H|||{status}|||20240103135500"


def read(folder: Path, data: bytes | str, name: str = "x.hl7"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return messages(folder / name)


def reasons(found) -> list[tuple[str, int, str]]:
    return list(found.quarantine.itertuples(index=False, name=None))


# beside the `hl7` library ---------------------------------------------------------------------------------------------


def tree(field: hl7.Field) -> list:
    """A field of `hl7` with every level spelled out: it leaves out those below which nothing is divided."""
    return [[[one]] if isinstance(one, str) else [[c] if isinstance(c, str) else list(c) for c in one] for one in field]


def assert_split_as_hl7_does(ours: Message) -> int:
    ours = Message(str(ours).rstrip())  # hl7 takes blanks off the end of a message; we leave its last field as it was
    theirs = hl7.parse(str(ours).replace("\n", "\r"))
    assert [str(segment[0]) for segment in theirs] == [segment.name for segment in ours.all_segments]
    fields = 0
    for segment, other in zip(ours.all_segments, theirs, strict=True):
        assert len(segment.fields) == len(other)
        for n in range(1, len(other)):
            fields += 1
            assert segment.raw(n) == str(other[n])
            if segment.name == "MSH" and n < 3:  # the separators themselves, which both return as they are
                assert segment.parts(n) == [[[str(other[n])]]]
                continue
            expected = [[[theirs.unescape(one) for one in c] for c in r] for r in tree(other[n])]
            assert segment.parts(n) == (expected or [[[""]]])
            for place, repetition in enumerate(segment.parts(n), start=1):
                for c, component in enumerate(repetition, start=1):
                    for s, text in enumerate(component, start=1):
                        assert segment.field(n, c, place, s) == text
    return fields


def test_public_messages_are_split_as_the_hl7_library_does():
    require("external")
    folder = EXTERNAL / "hl7v2-fhir-converter-samples"
    found = messages(folder)
    files = list(folder.glob("*.hl7"))
    assert len(files) == 141 and len(found) == 142 and found.batch_lines == 4 and not len(found.quarantine)
    assert sum(len(re.findall(rb"^(?:\xef\xbb\xbf)?MSH", file.read_bytes(), re.M)) for file in files) == 142
    assert sum(map(assert_split_as_hl7_does, found)) > 40_000
    feeds = read_feeds(folder)
    assert (len(feeds.adt), feeds.counts["n"].sum(), feeds.batch_lines) == (59, 142, 4)
    # 56 OBX in the files as a text search finds them in ORU messages
    texts = [str(one) for one in found if one["MSH-9.1"] == "ORU"]
    assert len(feeds.oru) == sum(len(re.findall("^OBX", text, re.M)) for text in texts) > 50


def test_where_the_hl7_library_differs_and_why():
    """What it cannot tell it removes, and layout becomes characters; we leave both as written: nothing is lost."""
    theirs = hl7.parse(message(PERSON))
    for text, other, ours in (
        (r"a\H\b\N\c", "a_b_c", r"a\H\b\N\c"),
        (r"a\.br\b", "a\rb", r"a\.br\b"),
        (r"a\Zx\b", "ab", r"a\Zx\b"),
        (r"C:\temp and", "C:", r"C:\temp and"),
        (r"caf\XC3A9\ ", "cafÃ© ", "café "),
    ):
        assert theirs.unescape(text) == other and unescape(text) == ours
    assert len(hl7.parse(message(PERSON).replace("\r", "\n"))) == 1  # it divides lines at \r alone
    assert len(Message(message(PERSON, end="\n")).all_segments) == 2


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PRINTED = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)


def some(what: st.SearchStrategy, most: int = 3) -> st.SearchStrategy:
    return st.lists(what, min_size=1, max_size=most)


MARKS = st.permutations("|^~\\&#!$%*+;:@").map(lambda marks: Separators(*marks[:6]))


def sent(fields: list, marks: Separators) -> str:
    joined = (
        marks.repetition.join(
            marks.component.join(marks.subcomponent.join(escape(one, marks) for one in c) for c in repetition)
            for repetition in field
        )
        for field in fields
    )
    head = f"MSH{''.join(marks)}{marks.field * 6}ADT{marks.field}1"
    return f"{head}\rZZZ{marks.field}{marks.field.join(joined)}\r"


@given(some(some(some(some(TEXT))), 4), MARKS)
@example([[[["|^~\\&\r\n\x0b\x1c", "\\F\\"]]], [[["MSH|^~\\&|"]]]], Separators(truncation="#"))
def test_what_is_escaped_comes_back(fields, marks):
    text = sent(fields, marks)
    (whole,) = chunks(text.encode())
    found = whole.read("x").segment("ZZZ")
    assert [found.parts(n) for n in range(1, len(found.fields))] == fields
    assert not any(one < " " and one != "\r" for one in text)


@given(some(some(some(some(PRINTED)))), MARKS)
def test_made_up_messages_are_split_as_the_hl7_library_does(fields, marks):
    (whole,) = chunks(sent(fields, marks._replace(truncation="")).encode())
    assert assert_split_as_hl7_does(whole.read("x")) > 8


# single messages ------------------------------------------------------------------------------------------------------


def test_a_message_by_address():
    found = Message(message(PERSON, VISIT, *order("O1", result("4.1"), result("4.2", code="X"))))
    assert found["MSH-1"] == "|" and found["MSH-2"] == r"^~\&" and found["MSH-3"] == "EHR"
    assert found["MSH-9.2"] == "A01" and found["PID-5.2"] == "Ada" and found["PID-3"] == "X9" and found["PID-99"] == ""
    assert found.field("PID", 3, repetition=2) == "77" and found.field("PID", 3, 4, 2) == "QUILL"
    assert found["ZZZ-3"] == "" and found["PID-5.1.2"] == "" and found["PV1-19"] == "V5"
    assert [one.field(3) for one in found.segments("OBX")] == ["2823-3", "X"] and found.segments("NTE") == []
    assert found.segment("PV1").raw(3) == "4W^12^A" and "ADT^A01 M1, 6 segments" in repr(found)
    for wrong in ("PID", "PID.3", "pid-3", "PID-3-1", "PID-0", "PID-3.0", 5):
        with pytest.raises(RecordsError):
            found[wrong]
    assert found.segment("PI").fields == ["PI"]  # not the first that begins so


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_any_line_end(tmp_path, end):
    texts = [message(PERSON, f"EVN|A01|{n}", kind="ADT", key=str(n), end=end) for n in range(3)]
    found = read(tmp_path, end.join(texts) + "  " + end)
    assert [one["EVN-2"] for one in found] == ["0", "1", "2"] and not reasons(found)
    assert [one.line for one in found] == [1, 5, 9]
    with pytest.raises(RecordsError, match="Line 3 is no segment"):
        Message(message(PERSON, "PI", end=end))


def test_separators_are_the_messages_own(tmp_path):
    odd = "MSH*:;!@*EHR*QMC*****ADT:A01*7*P\rPID*1**a!T!b@c:d;e|^~\\&*x!S!y!R!z!F!!E!\r"
    few = "MSH|^|EHR|QMC|||||ADT^A01|8|P\rPID|1||a~b\\T\\^c&d\r"
    found = read(tmp_path, odd + few + message(PERSON))
    assert found[0].segment("PID").parts(3) == [[["a@b", "c"], ["d"]], [["e|^~\\&"]]]
    assert found[0]["PID-4"] == "x:y;z*!" and found[2]["PID-5"] == "Vale"
    assert found[1].segment("PID").parts(3) == [[["a~b\\T\\"], ["c&d"]]]  # it names none of these, so they are text
    assert found[1].separators == Separators("|", "^", "", "", "", "")


def test_escapes():
    for written, meant in (
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"\E\F\E\ ", r"\F\ "),
        (r"\X4142\\X0D\ ", "AB\r "),
        (r"\XC3A9\ \XE9\ \XABC\ ", r"é \XE9\ \XABC\ "),
        (r"1\.br\F\.br\2 \.sp+3\ \H\x\N\ ", r"1\.br\F\.br\2 \.sp+3\ \H\x\N\ "),
        (r"a\b c \T\ d", r"a\b c & d"),
        ("\\", "\\"),
        (r"\Q\ \P\ ", r"\Q\ \P\ "),
    ):
        assert unescape(written) == meant, written
    assert unescape(r"\P\ ", Separators(truncation="#")) == "# "
    assert unescape(r"\XE9\ ", encoding="iso8859-1") == "é "


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("MSH", "cut off: its header ends before its separators"),
        ("MSH|^~", "cut off: its header ends before its separators"),
        (r"MSH|^~\&", "cut off: its header ends before its separators"),
        ("MSH||EHR|QMC|||||ADT^A01|1\rPID|1", "does not name its separators"),
        ("MSH|^^~&|EHR|QMC|||||ADT^A01|1\rPID|1", "does not name its separators"),
        ("MSHabcdea\rPID|1", "does not name its separators"),
        (r"MSH|^~\&|EHR|QMC|LAB", "names no type"),
        (HEAD.format(kind="ADT^A01", key="1"), "nothing follows its header"),
        (message("PID|1||7", "PI"), "line 5 is no segment"),
        (message("PID|1||7", "", "went on here"), "line 6 is no segment"),
        (message("PIDX|1"), "line 4 is no segment"),
        (message(PERSON)[:-30] + message(PERSON), "next message begins in the middle of its line 4"),
        (b"\x0b" + message(PERSON)[:-30].encode() + b"\r", "MLLP frame (0x0B to 0x1C) is not closed"),
        (message("PID|1||7||").encode() + b"NTE|caf\xe9\r", "line 5 is not utf-8 text: byte 0xe9"),
        ("MSA|AA|1\rPID|1", "2 lines that follow no MSH"),
    ],
)
def test_a_damaged_message_is_quarantined_and_its_neighbours_are_not(tmp_path, text, reason):
    before, after = message(PERSON, key="before").encode(), message(PERSON, key="after").encode()
    damaged = text if isinstance(text, bytes) else text.encode()
    if reason.startswith("2 lines"):
        before = b"BTS|1\r"  # else they would be its last segments
    found = read(tmp_path, before + damaged + b"\r" + after)
    ((file, line, why),) = reasons(found)
    assert reason in why and file == "x.hl7" and line == before.count(b"\r") + 1
    whole = [one["MSH-10"] for one in found]
    assert whole[-1] == "after" and (whole[0] == "before" or found.batch_lines == 1)
    assert len(whole) == 2 + ("middle of" in reason) - found.batch_lines


def test_a_message_cut_off_with_its_line_end_does_not_swallow_the_next(tmp_path):
    for number, odd in enumerate(("|^~\\&", "*:;!@")):
        turn = str.maketrans("|^~\\&", odd)
        one, two = (message(PERSON, key=key).translate(turn) for key in "12")
        for cut in range(1, len(one)):
            found = read(tmp_path / str(number), one[:cut] + two)
            assert len(found) + len(found.quarantine) == 2 and found[-1]["MSH-10"] == "2", one[:cut]


def test_frames_and_batches(tmp_path):
    one, two = message(PERSON, key="1").encode(), message(PERSON, key="2").encode()
    framed = read(tmp_path, b"".join(b"\x0b" + text + b"\x1c\r" for text in (one, two, one.rstrip())))
    assert [found["MSH-10"] for found in framed] == ["1", "2", "1"] and not reasons(framed)
    assert [found.line for found in framed] == [1, 4, 7]
    tight = read(tmp_path, b"\x0b" + one + b"\x1c\x0b" + two + b"\x1c")
    assert len(tight) == 2 and str(tight[1]) == two.decode().strip().replace("\r", "\n")
    batch = read(tmp_path, b"\xef\xbb\xbfFHS|x\rBHS|y\r" + one + two + b"BTS|2\rFTS|1\r")
    assert len(batch) == 2 and batch.batch_lines == 4 and not reasons(batch) and "4 batch lines" in repr(batch)
    both = read(tmp_path, b"\x0bFHS|x\r" + one + two + b"FTS|1\r\x1c\r")
    assert len(both) == 2 and not reasons(both)
    inside = read(tmp_path, one.replace(b"Vale", b"V\x0ba\x1cle") + two)  # damage within a field, not a frame
    assert [found["PID-5"] for found in inside] == ["V\x0ba\x1cle", "Vale"] and not reasons(inside)
    reopened = read(tmp_path, b"\x0b" + one[:-9] + b"\x0b" + two + b"\x1c\r")
    assert [found["MSH-10"] for found in reopened] == ["2"] and "not closed" in reasons(reopened)[0][2]


def test_text_is_of_the_character_set_that_the_header_names(tmp_path):
    head = HEAD.format(kind="ADT^A01", key="1") + "||||||"
    latin = (head + "8859/1\rPID|1||7||Café \\XE9\\\r").encode("latin-1")
    utf = (head + "UNICODE UTF-8\rPID|1||7||Café \\XC3A9\\\r").encode()
    assert [one["PID-5"] for one in read(tmp_path, latin + b"\xef\xbb\xbf" + utf)] == ["Café é", "Café é"]
    assert "not utf-8" in reasons(read(tmp_path, latin.replace(b"8859/1", b"8859/12")))[0][2]


def test_a_message_sent_twice_is_there_twice(tmp_path):
    read(tmp_path, message(PERSON) * 2)
    adt = read_feeds(tmp_path).adt
    assert adt["message_id"].tolist() == ["M1", "M1"] and adt["line"].tolist() == [1, 3]


PIECES = [message(PERSON).encode(), b"PID|1||7\r", b"\x0b", b"\x1c\r", b"\x1c", b"FHS|x\r", b"\n", b"\r\n", b"\r"]
PIECES += [b"\xef\xbb\xbf", b"MSH|", rb"MSH|^~\&|", b"junk", b"   ", HEAD.format(kind="ORU^R01", key="2").encode()]
NOT_COUNTED = b"\r\n\x0b\x1c\xef\xbb\xbf \t\x0c"


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=12).map(b"".join))
@example(b"\x0b\xef\xbb\xbfMSH|^~\\&|\rMSH\r\x1c")
def test_no_byte_is_lost_and_none_is_fatal(data):
    found = list(chunks(data))
    kept = b"".join(one.text if type(one) is BatchLine else b"".join(one.lines) for one in found)
    assert kept.translate(None, NOT_COUNTED) == data.translate(None, NOT_COUNTED)
    whole = [one for one in found if type(one) is Chunk]
    assert all(one.read("x") for one in whole)  # a message or a reason; and no message holds two
    assert all(line[:3] != b"MSH" for one in whole for line in one.lines[1:])
    starts = re.findall(rb"(?:\A|[\r\n])(?:\xef\xbb\xbf)?MSH", data)
    assert len(whole) >= len(starts)
    lines = re.split(rb"\r\n|\r|\n", data)
    assert all(whole.lines[0] in lines[whole.number - 1] for whole in whole)


@given(st.binary(max_size=60))
def test_any_bytes_after_a_header_are_a_message_or_a_reason(data):
    for one in chunks(message(PERSON).encode() + data):
        found = one if type(one) is BatchLine else one.read("x")
        if type(found) is Message:
            for segment in found.all_segments:
                assert all(segment.parts(n) for n in range(1, len(segment.fields)))


# the feeds ------------------------------------------------------------------------------------------------------------


def test_adt_rows(tmp_path):
    merge = "MRG|55^^^QUILL^MR"
    event = "EVN|A40|20240103140000.25"
    bare = (
        HEAD.format(kind="ADT", key="M2").replace("-0500", "")
        + '\rEVN|A08|2024-01-03T14:00:00-05:00\rPID|1||9||""|""\r'
    )
    nobody = message("PV1|1|I", key="M3")
    read(tmp_path, message(event, PERSON, merge, VISIT, kind="ADT^A40") + bare + nobody)
    feeds = read_feeds(tmp_path)
    first, second = feeds.adt.iloc[0], feeds.adt.iloc[1]
    expected = {
        **{"message_id": "M1", "event": "A40", "facility": "QMC", "mrn": "77", "mrn_authority": "QUILL"},
        **{"prior_mrn": "55", "family": "Vale", "given": "Ada", "birth_date": "19700601", "sex": "F", "zip": "12345"},
        **{"phone": "555-0101", "visit": "V5", "patient_class": "I", "location": "4W^12^A", "attending": "C1"},
        **{"disposition": "01", "sent_raw": "20240103140500-0500", "event_raw": "20240103140000.25"},
        **{"admitted_raw": "202401030900", "discharged_raw": "202401051100", "file": "x.hl7", "line": 1},
        **{"sent_at": pd.Timestamp("2024-01-03T19:05Z"), "event_at": pd.Timestamp("2024-01-03T19:00:00.25Z")},
        **{"admitted_at": pd.Timestamp("2024-01-03T14:00Z"), "discharged_at": pd.Timestamp("2024-01-05T16:00Z")},
    }
    assert first.to_dict() == expected
    assert second["event"] == "A08" and second["mrn"] == "9" and second["sent_raw"] == "20240103140500"
    there = ["message_id", "event", "facility", "mrn", "sent_raw", "event_raw", "file", "line"]
    assert second.drop(there).isna().all()  # its times too: none has a zone, or none as HL7 writes it
    assert reasons(feeds) == [("x.hl7", 9, "an ADT message without a PID segment: cut off, or about nobody")]
    assert feeds.counts.to_dict("list") == {"kind": ["ADT^A08", "ADT^A40"], "n": [1, 1], "feed": ["adt", "adt"]}
    assert str(feeds.adt["sent_at"].dtype) == "datetime64[us, UTC]" and str(feeds.adt["mrn"].dtype) == "str"


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("20240310013000-0500", "2024-03-10T06:30Z"),
        ("202403100130-0500", "2024-03-10T06:30Z"),
        ("20240310013000", "2024-03-10T05:30Z"),  # the zone of MSH-7
        ("20240310013000.1234+0000", "2024-03-10T01:30:00.1234Z"),
        ("2024031001-0500", None),  # an hour is no instant
        *((text, None) for text in ("20240310", "2024", "2024-0500", "", "soon", "20240230010000Z", "20240230010000")),
        ("2024-03-10T01:30:00-05:00", None),  # not as HL7 writes it
        ("20240310013000-9999", None),
    ],
)
def test_times(tmp_path, written, instant):
    read(tmp_path, message(f"EVN|A01|{written}", PERSON).replace("-0500||ADT", "-0400||ADT"))
    row = read_feeds(tmp_path).adt.iloc[0]
    assert pd.isna(row["event_at"]) if instant is None else row["event_at"] == pd.Timestamp(instant)
    assert row["event_raw"] == written if written else pd.isna(row["event_raw"])
    assert row["sent_at"] == pd.Timestamp("2024-01-03T18:05Z")


def test_oru_rows(tmp_path):
    lines = [PERSON, VISIT, *order("O1", result("4.1"), result("hemolyzed", code="X", kind="ST", status="X"))]
    lines += ["OBX|3|NM|Y||1"]
    other = ["PID|1||8", "OBR|1||O2", "OBX|1|NM|K||5.0|mmol/L|||||P"]
    none = message(PERSON, "OBR|1||O3", kind="ORU^R01")
    read(tmp_path, message(*lines, *other, kind="ORU^R01") + none + message(PERSON, kind="SIU^S12"))
    feeds = read_feeds(tmp_path)
    first, second, fourth, third = (feeds.oru.iloc[n] for n in range(4))
    assert fourth["observed_raw"] == fourth["drawn_raw"] == "202401031300"  # no OBX-14: when it was drawn
    assert len(feeds.oru) == 4 and set(feeds.oru["line"]) == {1}
    assert first.drop("sent_at").to_dict() == {
        **{"message_id": "M1", "sent_raw": "20240103140500-0500", "facility": "QMC", "mrn": "77", "visit": "V5"},
        **{"order_id": "O1", "panel": "BMP", "drawn_raw": "202401031300", "reported_raw": "20240103140000"},
        **{"drawn_at": pd.Timestamp("2024-01-03T18:00Z"), "reported_at": pd.Timestamp("2024-01-03T19:00Z")},
        **{"code": "2823-3", "code_system": "LN", "name": "Potassium", "value": 4.1, "value_raw": "4.1"},
        **{"unit": "mmol/L", "reference_range": "3.5-5.1", "flag": "H", "status": "F"},
        **{"observed_raw": "20240103135500", "observed_at": pd.Timestamp("2024-01-03T18:55Z")},
        **{"result_id": "O1/2823-3", "file": "x.hl7", "line": 1},
    }
    assert second["value_raw"] == "hemolyzed" and pd.isna(second["value"]) and second["result_id"] == "O1/X"
    assert third["mrn"] == "8" and third[["visit", "drawn_raw", "observed_raw"]].isna().all()  # not the one's before
    assert reasons(feeds) == [("x.hl7", 11, "an ORU message without an OBX segment: cut off, or without a result")]
    counts = feeds.counts.set_index("kind")
    assert counts["n"].to_dict() == {"ORU^R01": 1, "SIU^S12": 1} and pd.isna(counts.loc["SIU^S12", "feed"])
    assert list(feeds) == ["oru"] and feeds.counts["n"].sum() + len(feeds.quarantine) == 3


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        *(("NM", text, float(text)) for text in ("4", "-4.10", "+.5", "5.", " 7 ")),
        *(("NM", text, None) for text in ("", "<5", "4,1", "nan", "inf", "1_0", "1e3", "٣", "4^1", "4~5", "9" * 400)),
        *(("ST", "4.1", 4.1), ("", "4.1", 4.1), ("SN", "^4.1", 4.1), ("SN", "=^4.1", 4.1)),
        *(("SN", text, None) for text in ("<^4.1", "^1^-^5", "^1^:^128")),
        *((kind, "20240103", None) for kind in ("DT", "TS", "CE", "CWE", "ID")),  # digits, and no quantity
    ],
)
def test_values(tmp_path, kind, written, value):
    read(tmp_path, message(PERSON, *order("O", result(written, kind=kind)), kind="ORU^R01"))
    row = read_feeds(tmp_path).oru.iloc[0]
    assert pd.isna(row["value"]) if value is None else row["value"] == value
    assert row["value_raw"] == written if written else pd.isna(row["value_raw"])


# claims ---------------------------------------------------------------------------------------------------------------

CLAIM = {
    **{"claim_id": "C1", "claim_control": "K1", "original_claim_id": "C1", "frequency": "1", "member_id": "M"},
    **{"mrn": "0077", "visit": "V5", "facility": "QMC", "payer": "P", "type": "inpatient", "from_date": "2024-01-03"},
    **{"through_date": "2024-01-05", "admit_type": "1", "discharge_status": "01", "principal_dx": "I50.9"},
    **{"other_dx": "N18.3 E11.9", "procedures": "", "charge": "1200.50", "allowed": "900", "paid": "-880.25"},
    **{"received_date": "2024-02-01", "paid_date": "", "status": "pending"},
}


def claim(**more: str) -> str:
    return ",".join((CLAIM | more).values())


def write_claims(folder: Path, *lines: str | bytes, header: str = ",".join(CLAIM)) -> Path:
    (folder / "claims").mkdir(parents=True, exist_ok=True)
    data = [line if isinstance(line, bytes) else line.encode() for line in (header, *lines)]
    (folder / "claims" / "claims.csv").write_bytes(b"\r\n".join(data) + b"\r\n")
    return folder


def test_claims(tmp_path):
    header = ",".join([*CLAIM][::-1])
    turned = ",".join([*(CLAIM | {"claim_id": "C2", "payer": '"P, Inc"'}).values()][::-1])
    claims = read_feeds(write_claims(tmp_path, turned, header=header)).claims
    assert tuple(claims.columns) == claim_lines.COLUMNS == tuple(CLAIM) and claims.loc[0, "payer"] == "P, Inc"
    feeds = read_feeds(write_claims(tmp_path, claim(), "", claim(claim_id="C2", frequency="7")))
    first = feeds.claims.iloc[0]
    assert first[["mrn", "frequency", "discharge_status"]].tolist() == ["0077", "1", "01"]
    assert first[["charge", "allowed", "paid"]].tolist() == [1200.5, 900, -880.25]
    assert first["from_date"] == pd.Timestamp("2024-01-03") and pd.isna(first["paid_date"])
    assert pd.isna(first["procedures"]) and len(feeds.claims) == 2 and list(feeds) == ["claims"]
    kinds = feeds.claims.dtypes.astype(str)
    assert set(kinds[list(claim_lines._DATES)]) == {"datetime64[us]"}
    assert set(kinds[list(claim_lines._MONEY)]) == {"float64"}
    assert set(kinds.drop([*claim_lines._DATES, *claim_lines._MONEY])) == {"str"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (claim() + ",", "24 fields where the header has 23"),
        (claim()[:60], "fields where the header has 23"),
        (claim(from_date="2024-02-30"), "from_date is not a date"),
        (claim(paid_date="03/09/2024"), "paid_date is not a date"),
        (claim(received_date="20240309"), "received_date is not a date"),
        (claim(paid="n/a"), "paid is not a number"),
        (claim(charge="nan"), "charge is not a number"),
        (claim(allowed="9" * 400), "allowed is not a number"),
        (claim(claim_id=" "), "no claim_id"),
        (claim(payer='"P'), "not CSV"),  # it would swallow all lines to the next quotation mark
        (claim(payer="caf\u00e9").encode("latin-1"), "not UTF-8 text"),
    ],
)
def test_a_damaged_claim_is_quarantined_and_its_neighbours_are_not(tmp_path, line, reason):
    feeds = read_feeds(write_claims(tmp_path, claim(), line, claim(claim_id="C3", payer='"P"')))
    ((file, number, why),) = reasons(feeds)
    assert (file, number) == ("claims/claims.csv", 3) and reason in why
    assert feeds.claims["claim_id"].tolist() == ["C1", "C3"]


def test_a_file_that_holds_no_claims_is_quarantined_line_by_line(tmp_path):
    feeds = read_feeds(write_claims(tmp_path, claim(), claim(), header="a,b,payer,payer"))
    assert [line for _, line, _ in reasons(feeds)] == [1, 2, 3]
    assert "it does not name claim_id, claim_control" in reasons(feeds)[0][2] and "payer" in reasons(feeds)[0][2]
    assert len(feeds.claims) == 0 and list(feeds) == ["claims"]


def test_the_members_of_payers(tmp_path):
    folder = write_claims(tmp_path, claim())
    lines = [
        "mrn,member_id,death_date,from,to,more",
        "0077,M1,2024-03-09,2022-01-01,2024-03-09,x",
        "0078,M2,,2023-05-01,,",
    ]
    (folder / "claims" / "enrolment.csv").write_text("\n".join([*lines, "0079,,,2023-05-01,,", "0080,M4,soon,,,"]))
    feeds = read_feeds(folder)
    members = feeds.enrolment
    assert (
        list(members.columns) == list(claim_lines.ENROLMENT.columns) == ["member_id", "mrn", "from", "to", "death_date"]
    )
    assert members["member_id"].tolist() == ["M1", "M2"] and members["mrn"].tolist() == ["0077", "0078"]
    assert members.loc[0, "death_date"] == members.loc[0, "to"] == pd.Timestamp("2024-03-09")
    assert members.loc[1, ["to", "death_date"]].isna().all() and members.loc[1, "from"] == pd.Timestamp("2023-05-01")
    assert set(members.dtypes.astype(str)) == {"str", "datetime64[us]"}
    found = reasons(feeds)
    assert [(file, line) for file, line, _ in found] == [("claims/enrolment.csv", 4), ("claims/enrolment.csv", 5)]
    assert "no member_id" in found[0][2] and "death_date is not a date" in found[1][2]
    assert list(feeds) == ["claims", "enrolment"] and len(feeds.claims) == 1  # it is no file of claims
    (folder / "claims" / "enrolment.csv").write_text("a,b\n1,2\n")
    assert "not a member's header" in reasons(read_feeds(folder))[0][2]


@given(st.lists(st.sampled_from([claim().encode(), b'"', b",", b"\r", b"\n", b"\r\n"]) | st.binary(max_size=9)))
@settings(max_examples=100)
def test_every_line_of_claims_is_a_row_or_a_reason(tmp_path_factory, pieces):
    folder = write_claims(tmp_path_factory.mktemp("c"), b"".join(pieces))
    lines = [line for line in (folder / "claims" / "claims.csv").read_bytes().splitlines() if line.strip()]
    feeds = read_feeds(folder)
    assert len(feeds.claims) + len(feeds.quarantine) == len(lines) - 1


# where they are found, and the cache ----------------------------------------------------------------------------------


def hospital(folder: Path) -> Path:
    (folder / "export").mkdir(parents=True)
    (folder / "export" / "all.ndjson").write_text('{"resourceType": "Patient", "id": "a"}\n')
    (folder / "manifest.json").write_text("{}")
    read(folder / "hl7v2", message(PERSON, key="1"), "adt.hl7")
    read(folder / "hl7v2", message(PERSON, *order("O", result("4.1")), kind="ORU^R01") + "MSH|^~\r", "oru.hl7")
    write_claims(folder, claim(), claim(paid="x"))
    return folder


def test_beside_an_export_and_below_any_other(tmp_path):
    root = hospital(tmp_path / "h")
    read(root / "export", message(PERSON) * 5, "not_ours.hl7")
    for path in (root, root / "export"):
        feeds = read_export(path).feeds
        assert list(feeds) == ["adt", "oru", "claims"] == list(feeds.keys()) and len(feeds) == 3
        assert [len(feeds[name]) for name in feeds] == [1, 1, 1] and len(reasons(feeds)) == 2
        assert feeds.adt["file"].tolist() == ["hl7v2/adt.hl7"] and repr(feeds) == "<feeds adt, oru, claims>"
    other = tmp_path / "other"
    (other / "deep" / "er").mkdir(parents=True)
    (other / "x.ndjson").write_text('{"resourceType": "Patient", "id": "a"}\n')
    read(other / "deep" / "er", message(PERSON), "A.HL7")
    read(other, message(PERSON), ".hidden.hl7")
    feeds = read_export(other).feeds
    assert feeds.adt["file"].tolist() == ["deep/er/A.HL7"] and "oru" not in feeds and "adt" in feeds
    for missing in ("oru", "claims", "lab"):
        with pytest.raises(AttributeError, match=f"no feed '{missing}'; there are: adt."):
            getattr(feeds, missing)
        with pytest.raises(KeyError, match=f"no feed '{missing}'"):
            feeds[missing]
    alone = read_export(other / "x.ndjson").feeds
    assert list(alone) == [] and len(alone.quarantine) == 0 and repr(alone) == "<feeds none>"
    with pytest.raises(AttributeError, match="there are: none"):
        _ = alone.adt
    with pytest.raises(RecordsError, match="no folder"):
        read_feeds(tmp_path / "none")
    with pytest.raises(RecordsError, match="no file or folder"):
        messages(tmp_path / "none")


def test_feeds_are_read_once_for_a_content(tmp_path, monkeypatch):
    root = hospital(tmp_path / "h")
    seen = []
    first = read_export(root, progress=lambda done, what: seen.append((done, what))).feeds
    assert not [what for _, what in seen if "hl7" in what]  # nothing is read before it is asked for
    tables = {name: first[name] for name in first}
    quarantine, counts = first.quarantine, first.counts
    assert len(quarantine) == 2 and set(quarantine["file"]) == {"hl7v2/oru.hl7", "claims/claims.csv"}
    assert seen[-1] == (1.0, "read") and all(0 <= done <= 1 for done, _ in seen)
    monkeypatch.setattr("wardround.records.hl7_files.read_file", lambda *_: pytest.fail("read again"))
    monkeypatch.setattr("wardround.records.claims.read_file", lambda *_: pytest.fail("read again"))
    again = read_export(root).feeds
    for name, table in tables.items():
        pd.testing.assert_frame_equal(again[name], table)
    pd.testing.assert_frame_equal(again.quarantine, quarantine)
    pd.testing.assert_frame_equal(again.counts, counts)
    monkeypatch.undo()
    read(root / "hl7v2", message(PERSON.replace("Vale", "Dale")), "adt.hl7")
    assert read_export(root).feeds.adt["family"].tolist() == ["Dale"]
    for kept in (root / "cache").glob("*/feeds-*"):
        kept.write_bytes(kept.read_bytes()[:-9])
    pd.testing.assert_frame_equal(read_export(root).feeds.claims, tables["claims"])


def test_feeds_cannot_be_spoilt_by_their_users(tmp_path):
    feeds = read_export(hospital(tmp_path / "h")).feeds
    mine = feeds.adt
    mine["family"] = "gone"
    mine.loc[:, "mrn"] = "gone"
    assert feeds.adt.loc[0, "family"] == "Vale" and feeds["adt"].loc[0, "mrn"] == "77"


def test_no_copy_of_a_feed_is_left_where_nobody_asked_for_one(tmp_path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    root = hospital(tmp_path / "h")
    (root / "manifest.json").unlink()
    found = read_export(root / "export")
    assert len(found.feeds.adt) == 1 and list((tmp_path / "tmp").rglob("feeds-*"))
    del found
    assert not list((tmp_path / "tmp").iterdir()) and not (root / "cache").exists()


# as of then -----------------------------------------------------------------------------------------------------------

START = pd.Timestamp("2024-03-09T14:00Z")


def stream(rows: list[tuple]) -> pd.DataFrame:
    """An ORU stream of (result, minute sent, status); the value says which row it is."""
    frame = pd.DataFrame(rows, columns=["result_id", "minute", "status"])
    sent_at = START + pd.to_timedelta(pd.to_numeric(frame["minute"]), unit="min")
    frame["sent_at"] = sent_at.astype("datetime64[us, UTC]")
    return frame.astype({"result_id": "str", "status": "str"}).assign(value=range(len(frame))).drop(columns="minute")


SENT = st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 9) | st.none(), st.sampled_from("PFCXDW"))


@given(st.lists(SENT, max_size=25), st.integers(-1, 10), st.integers(0, 5))
def test_results_as_of(rows, minute, later):
    oru, at = stream(rows), START + pd.Timedelta(minutes=minute)
    known = results_as_of(oru, at)
    last, alone = {}, []
    for number, (key, when, _) in enumerate(rows):
        if when is None or when > minute:
            continue
        if key is None:
            alone.append(number)
        elif key not in last or rows[last[key]][1] <= when:
            last[key] = number
    assert known["value"].tolist() == sorted([*last.values(), *alone])
    assert known["withdrawn"].tolist() == [rows[n][2] in "XDW" for n in known["value"]]
    # Nothing that came later is in an earlier view, and it changes nothing there, whatever it says.
    assert (known["sent_at"] <= at).all()
    poisoned = oru.assign(value=oru["value"].where(oru["sent_at"] <= at, -1), status=oru["status"])
    pd.testing.assert_frame_equal(results_as_of(poisoned, at), known)
    pd.testing.assert_frame_equal(results_as_of(oru[oru["sent_at"] <= at], at), known)
    after = results_as_of(oru, at + pd.Timedelta(minutes=later))
    assert set(known["result_id"].dropna()) <= set(after["result_id"].dropna())
    doubled = pd.concat([oru, oru])  # every message sent twice, with an index that repeats itself
    assert results_as_of(doubled, at)["result_id"].nunique() == known["result_id"].nunique()


def test_results_as_of_needs_an_instant():
    oru = stream([("a", 0, "P"), ("a", 5, "C")])
    assert results_as_of(oru, "2024-03-09T09:04-05:00")["status"].tolist() == ["P"]
    assert results_as_of(oru, pd.Timestamp("2024-03-09T14:05Z"))["status"].tolist() == ["C"]
    for wrong in ("2024-03-09T14:00", "soon", None, pd.NaT):
        with pytest.raises(RecordsError):
            results_as_of(oru, wrong)


def versions(rows: list[tuple]) -> pd.DataFrame:
    """Claims of (original, frequency, day paid, day received)."""
    days = [[None if n is None else pd.Timestamp("2024-03-01") + pd.Timedelta(days=n) for n in row[2:]] for row in rows]
    frame = pd.DataFrame({"claim_id": [f"v{n}" for n in range(len(rows))]}, dtype="str")
    frame["original_claim_id"] = pd.Series([row[0] for row in rows], dtype="str")
    frame["frequency"] = pd.Series([row[1] for row in rows], dtype="str")
    frame["paid_date"] = pd.Series([day[0] for day in days], dtype="datetime64[us]")
    frame["received_date"] = pd.Series([day[1] for day in days], dtype="datetime64[us]")
    return frame


DAY = st.integers(0, 5) | st.none()
VERSION = st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from("178"), DAY, DAY)


@given(st.lists(VERSION, max_size=20), st.integers(-1, 6))
def test_claims_as_of(rows, day):
    claims, date = versions(rows), pd.Timestamp("2024-03-01") + pd.Timedelta(days=day)
    known = claims_as_of(claims, date)
    net = {}
    shown = [n for n, (_, _, paid, _) in enumerate(rows) if paid is not None and paid <= day]
    for n in sorted(shown, key=lambda n: (rows[n][2], -1 if rows[n][3] is None else rows[n][3], n)):
        net[rows[n][0] or f"v{n}"] = n
    assert known["claim_id"].tolist() == [f"v{n}" for n in sorted(net.values()) if rows[n][1] != "8"]
    pd.testing.assert_frame_equal(claims_as_of(claims[claims["paid_date"] <= date], date), known)


def test_claims_as_of_a_day():
    claims = versions([("a", "1", 0, 0), ("a", "7", 5, 1), ("b", "1", 1, 1), ("b", "8", 5, 2), ("c", "1", None, 0)])
    days = {"2024-02-29": [], "2024-03-02": ["v0", "v2"], "2024-03-06": ["v1"], "2024-03-06T11:00": ["v1"]}
    for day, expected in days.items():
        assert claims_as_of(claims, day)["claim_id"].tolist() == expected, day
    for wrong in ("2024-03-06T11:00Z", "soon"):
        with pytest.raises(RecordsError):
            claims_as_of(claims, wrong)


def test_segments_are_read_on_their_own():
    assert Segment("ZZZ|a^b", Separators()).field(1, 2) == "b"
