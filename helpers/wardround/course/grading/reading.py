"""Submissions as code cells, read without running anything of theirs.

Own reader: nbformat and jupytext import 1.1 to 1.4 seconds of libraries, follow links, and were written for files of
friends. Of a notebook that is handed in only the sources of its code cells count.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

import orjson

LIMIT = 20 * 1024 * 1024
_PERCENT = re.compile(r"^# ?%%(.*)$", re.M)
_TEXT_CELL = re.compile(r"\[(markdown|md|raw)\]")
_EXPORTED = re.compile(r"^# In ?\[[ \d]*\]:[ \t]*$", re.M)  # what `nbconvert --to script` writes
_HEADER = re.compile(r"\A# ---\n(#.*\n)*?# ---\n")


class Unreadable(ValueError):
    """A submission that cannot be read; the message is one sentence for the learner."""


def read_cells(path: Path) -> list[str]:
    """Return the sources of a submission's code cells, in their order; empty cells are left out.

    Parameters
    ----------
    path
        A notebook (``.ipynb``, format 3 or later), or Python in percent format or as nbconvert exports it.

    Raises
    ------
    Unreadable
        It is missing, a link, no file, larger than 20 MB, no UTF-8, no JSON, or no notebook.
    """
    content = _content(Path(path))
    cells = _of_notebook(content) if Path(path).suffix.lower() == ".ipynb" else _of_script(_text(content))
    return [cell for cell in cells if cell.strip()]


def _content(path: Path) -> bytes:
    """The bytes of a regular file; a link could name a file of ours, and a pipe would never end."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as trouble:
        if path.is_symlink():
            raise Unreadable("It is a link to another file; hand in the notebook itself.") from trouble
        raise Unreadable(f"It cannot be opened ({getattr(trouble, 'strerror', None) or trouble}).") from trouble
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise Unreadable("It is no file; hand in a notebook.")
    with open(handle, "rb") as file:
        content = file.read(LIMIT + 1) if found.st_size <= LIMIT else b""
    if found.st_size > LIMIT or len(content) > LIMIT:
        raise Unreadable("It is larger than 20 MB; clear the outputs of the notebook and hand it in again.")
    if not content.strip():
        raise Unreadable("It is empty; save the notebook and hand it in again.")
    return content


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as trouble:
        raise Unreadable(f"It is no UTF-8 text (byte {trouble.start:,}); save it as UTF-8.") from trouble


def _of_notebook(content: bytes) -> list[str]:
    try:
        notebook = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as trouble:  # also where it is nested deeper than orjson allows
        raise Unreadable(f"It is no notebook: its JSON cannot be read ({str(trouble)[:120]}).") from trouble
    found = notebook.get("cells") if type(notebook) is dict else None
    if found is None and type(notebook) is dict:  # format 3 kept its cells in worksheets
        sheets = notebook.get("worksheets")
        found = sheets[0].get("cells") if type(sheets) is list and sheets and type(sheets[0]) is dict else None
    if type(found) is not list:
        raise Unreadable("It is JSON, but no notebook: it has no list of cells.")
    return [_source(cell) for cell in found if type(cell) is dict and cell.get("cell_type") == "code"]


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    if type(source) is list:
        source = "".join(line for line in source if type(line) is str)
    return source if type(source) is str else ""


def _of_script(text: str) -> list[str]:
    text = _HEADER.sub("", text)
    if not _PERCENT.search(text):
        return _EXPORTED.split(text)
    parts = _PERCENT.split(text)  # what stands before the first mark, then mark and body in turn
    bodies = [body for mark, body in zip(parts[1::2], parts[2::2], strict=True) if not _TEXT_CELL.search(mark)]
    return [parts[0], *bodies]
