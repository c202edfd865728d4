"""``memo``: a decision in a few words; ``keep``: a result for later. Both carry which hospital they came from.

Artefacts and their linters read only what these two write: ``work/memos/W01.M.json`` and ``work/kept/NAME.json`` or
``NAME.parquet``.
"""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from typing import Any

import orjson

from wardround.course import places
from wardround.course.box import quiet_in_box
from wardround.course.places import week_of
from wardround.course.render import Block
from wardround.course.store import NotSaved, now, write_atomically

WORDS = 150
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}  # Windows


@quiet_in_box
def memo(id: str, because: Any = ..., **fields: Any) -> Block:
    """Write the week's decision: ``memo("W01.M", owner="…", because="…")``.

    ``...`` anywhere means "not written yet": nothing is kept, and the lesson goes on. A later memo replaces the first.
    """
    form, trouble = _form(id)
    if form is None:
        return trouble
    unknown = sorted(set(fields) - set(form))
    if unknown:
        there = ", ".join(sorted({*form, "because"}))
        told = f"This form has no field {', '.join(unknown)}; its fields are {there}."
        return Block(f"{id}: not written yet", (("", told),), "ask")
    given = {"because": because, **fields}
    missing = [name for name in form if not _written(given.get(name, ...))]
    if missing:
        return Block(f"{id}: not written yet", tuple((name, form[name]) for name in missing), "ask")
    try:
        words = _keep_memo(id, given)
    except (NotSaved, _NotPlain) as trouble:
        return Block(f"{id}: not kept", (("", str(trouble)),), "ask")
    return _kept_memo(id, words)


@quiet_in_box
def keep(name: str, value: Any) -> Block:
    """Keep a result under a name: a DataFrame or Series as Parquet, plain data (lists, dictionaries, numbers) as JSON.

    A second ``keep`` of the same name replaces the first.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name) or name.lower() in _DEVICES:
        told = "A name is a letter, then up to 63 letters, digits, - or _, such as `cohort_card`."
        return Block(f"{str(name)[:40]!r} cannot be a name", (("", told),), "ask")
    if value is ...:
        return Block(f"{name}: not there yet", (("", "Nothing is kept until the three dots are replaced."),), "ask")
    try:
        path = _write_kept(name, value)
    except (NotSaved, _NotPlain) as trouble:
        return Block(f"{name}: not kept", (("", str(trouble)),), "ask")
    return Block(f"{name} is kept", (("File", f"work/kept/{path.name}"), ("From", _from_where())))


def read_memo(id: str) -> dict[str, Any] | None:
    """Return a written memo (``id fields words checksum hospital version written_at``), or None."""
    path = _memo_path(id)
    return orjson.loads(path.read_bytes()) if path.exists() else None


def read_kept(name: str) -> tuple[Any, dict[str, Any]]:
    """Return ``(value, origin)`` of something kept; origin has ``name checksum hospital version written_at``.

    Raises
    ------
    FileNotFoundError
        Nothing is kept under this name.
    """
    path = places.work() / "kept" / f"{name}.json"
    if NAME.fullmatch(name) and path.exists():
        content = orjson.loads(path.read_bytes())
        return content["value"], content["origin"]
    path = path.with_suffix(".parquet")
    if NAME.fullmatch(name) and path.exists():
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        return table.to_pandas(), orjson.loads(table.schema.metadata[b"wardround"])
    raise FileNotFoundError(f"Nothing is kept as {name!r} in {path.parent}; call keep({name!r}, …) first.")


class _NotPlain(TypeError):
    """The value cannot be written as data."""


def _form(id: Any) -> tuple[dict[str, str] | None, Block | None]:
    from wardround.course.questions import week_memos

    try:
        forms = week_memos(week_of(id))
    except (ValueError, FileNotFoundError) as trouble:
        return None, Block("No such memo", (("", str(trouble)),), "ask")
    if id not in forms:
        there = ", ".join(forms) or "none"
        return None, Block("No such memo", (("", f"{id} is not asked in this week; these are: {there}."),), "ask")
    return {**forms[id], "because": forms[id].get("because", "why, in a sentence or two")}, None


def _written(value: Any) -> bool:
    if value is ... or value is None or (isinstance(value, str) and not value.strip(" .…\n\t")):
        return False
    if isinstance(value, (list, tuple, set, dict)):
        parts = value.values() if isinstance(value, dict) else value
        return len(value) > 0 and all(_written(part) for part in parts)
    return True


def _keep_memo(id: str, given: dict[str, Any]) -> int:
    fields = {name: _plain(value) for name, value in given.items()}
    words = sum(_words(value) for value in fields.values())
    content = {"id": id, "fields": fields, "words": words, **_origin()}
    write_atomically(_memo_path(id), orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    return words


def _kept_memo(id: str, words: int) -> Block:
    lines = [("File", f"work/memos/{id}.json"), ("Words", f"{words} of at most {WORDS}"), ("From", _from_where())]
    if words > WORDS:
        lines.append(("", f"{words - WORDS} words too many for a reader in a corridor; it is kept all the same."))
    lines.append(
        ("Next", "Score it yourself by the rubric in `memo.md`, then compare with the three scored samples there.")
    )
    return Block(f"{id} is written", tuple(lines))


def _memo_path(id: str) -> Path:
    week_of(id)
    if not places.ID.fullmatch(id):
        raise ValueError(f"{id!r} is not a memo id; it looks like W01.M.")
    return places.work() / "memos" / f"{id}.json"


def _words(value: Any) -> int:
    if isinstance(value, str):
        return len(value.split())
    if isinstance(value, dict):
        return sum(_words(part) for part in value.values())
    return sum(_words(part) for part in value) if isinstance(value, list) else 1


def _write_kept(name: str, value: Any) -> Path:
    folder = places.work() / "kept"
    import pandas as pd

    if isinstance(value, (pd.DataFrame, pd.Series)):
        path, other = folder / f"{name}.parquet", folder / f"{name}.json"
        content = _parquet(name, value)
    else:
        path, other = folder / f"{name}.json", folder / f"{name}.parquet"
        plain = {"origin": {"name": name, **_origin()}, "value": _plain(value)}
        content = orjson.dumps(plain, option=orjson.OPT_INDENT_2) + b"\n"
    write_atomically(path, content)
    other.unlink(missing_ok=True)
    return path


def _parquet(name: str, value: Any) -> bytes:
    """A frame with its origin inside the same file, so that the two cannot part."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    frame = value.to_frame(value.name or name) if isinstance(value, pd.Series) else value
    try:
        with warnings.catch_warnings():  # pyarrow 25 still reads times with a zone by Series.values
            warnings.simplefilter("ignore", pd.errors.Pandas4Warning)
            table = pa.Table.from_pandas(frame)
    except (pa.ArrowException, ValueError, TypeError) as trouble:
        raise _NotPlain(
            f"This table has a column that Parquet cannot hold ({str(trouble).splitlines()[0]}); "
            "make it numbers, text or times."
        ) from trouble
    origin = orjson.dumps({"name": name, **_origin()})
    held = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), b"wardround": origin}), held)
    return held.getvalue()


def _plain(value: Any) -> Any:
    """Plain data of the same meaning; sets become sorted lists, times text, NaN null."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value  # orjson writes NaN and infinities as null
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(part) for part in value), key=repr)
    if isinstance(value, (list, tuple)) or (hasattr(value, "tolist") and hasattr(value, "ndim")):
        return [_plain(part) for part in (value.tolist() if hasattr(value, "tolist") else value)]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise _NotPlain(
        f"A {type(value).__name__} cannot be kept; keep a table, or lists and dictionaries of numbers and text."
    )


def _origin() -> dict[str, Any]:
    from wardround import __version__

    hospital = _hospital()
    return {
        "checksum": getattr(hospital, "checksum", None),
        "hospital": getattr(getattr(hospital, "path", None), "name", None),
        "version": __version__,
        "written_at": now(),
    }


def _from_where() -> str:
    hospital = _hospital()
    if hospital is None:
        return "no hospital was open, so it names none; `load()` first if it came from one."
    return f"the hospital with checksum {str(hospital.checksum)[:12]}"


def _hospital() -> Any:
    """Return the hospital that was loaded last, or None: a memo may be written before any is open."""
    from wardround.course import loading

    return loading.current()
