"""What a folder in ``work/`` should hold: the files, their links adapted, and a digest blind to outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import orjson

from wardround.course import places
from wardround.course.links import adapted

_PAGES = ("README.md", "memo.md", "takeaway.md")


def shipped(part: int | str) -> dict[str, bytes]:
    """The files of a week or of the appendix as they belong into ``work/``: name (posix, relative) to content."""
    home = places.part_folder(part)
    exercises = sorted((places.root() / "exercises").glob(f"{places.part_path(part).name}_*.ipynb"))
    pages = [home / page for page in _PAGES if (home / page).is_file()]
    sources = [*pages, *sorted(home.glob("*.ipynb")), *exercises]
    names = {source.resolve(): source.name for source in sources}
    brought: dict[Path, str] = {}

    def bring(target: Path) -> str:
        return brought.setdefault(target, _name_for(target, home, set(brought.values())))

    made = {source.name: _copy_of(source, names, bring) for source in sources}
    # pages brought along are not followed further: their own links become words
    made.update({there: _copy_of(target, {}, lambda _: None) for target, there in brought.items()})
    return made


def _name_for(target: Path, home: Path, taken: set[str]) -> str:
    """``more/glossary.md``; with its folder's name in front when two files have the same name."""
    plain = f"more/{target.name}"
    return plain if plain not in taken else f"more/{target.parent.name}-{target.name}"


def _copy_of(source: Path, names: dict[Path, str], bring: Callable[[Path], str | None]) -> bytes:
    content, home = source.read_bytes(), source.parent.resolve()
    if source.suffix == ".md":
        return adapted(content.decode("utf-8"), home, names, bring).encode()
    if source.suffix == ".ipynb":
        return _notebook_copy(content, home, names, bring)
    return content


def _notebook_copy(content: bytes, home: Path, names: dict[Path, str], bring: Callable[[Path], str | None]) -> bytes:
    notebook, changed = orjson.loads(content), False
    for cell in notebook.get("cells", []):
        if cell.get("cell_type") == "markdown":
            before = _source(cell)
            after = adapted(before, home, names, bring)
            if after != before:
                cell["source"], changed = after.splitlines(keepends=True), True
    return orjson.dumps(notebook, option=orjson.OPT_INDENT_2) + b"\n" if changed else content


def digest(name: str, content: bytes) -> str:
    """Of the cells' types and sources for a notebook that can be read, of the bytes otherwise."""
    if name.endswith(".ipynb"):
        try:
            cells = orjson.loads(content)["cells"]
            content = orjson.dumps([[cell["cell_type"], _source(cell)] for cell in cells])
        except (ValueError, LookupError, TypeError):
            pass  # broken by hand: then its bytes are what was changed
    else:
        content = content.replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


def _source(cell: dict) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)
