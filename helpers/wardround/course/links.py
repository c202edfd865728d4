"""Links in a copied page: kept where they still lead somewhere, otherwise brought along or turned into words.

A page of ``curriculum/`` points at exercises, the glossary and pictures by relative paths. JupyterLab opens ``work/``
and sees nothing outside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from wardround.course import places

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(\s*<?([^)\s>]+)>?((?:\s+\"[^\"]*\")?)\s*\)")
_IMG = re.compile(r"(<img\b[^>]*?\bsrc=[\"'])([^\"']+)([\"'])")
_FENCE = re.compile(r"(^```.*?^```[ \t]*$)", re.S | re.M)
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#|/")  # an address, an anchor, an absolute path
_BRING = {".md", ".png", ".svg", ".jpg", ".jpeg", ".gif", ".csv"}
_BEHIND = {"solutions", "tests", "helpers", "work"}  # never brought along

Bring = Callable[[Path], str | None]


def adapted(text: str, home: Path, names: dict[Path, str], bring: Bring) -> str:
    """Return Markdown whose links hold in the copy's folder.

    Parameters
    ----------
    home
        Folder that the page came from.
    names
        Files copied beside the page: source path to name there.
    bring
        Called with a file to bring along; returns its path relative to the copy's folder, or None to refuse.
    """

    def place(address: str) -> str | None:
        path, mark, anchor = address.partition("#")
        target = (home / unquote(path)).resolve()
        there = names.get(target) or (bring(target) if _may_come(target) else None)
        return None if there is None else f"{there}{mark}{anchor}"

    def link(found: re.Match[str]) -> str:
        picture, label, address, title = found.groups()
        if _ELSEWHERE.match(address):
            return found[0]
        there = place(address)
        return _in_words(label, home, address) if there is None else f"{picture}[{label}]({there}{title})"

    def image(found: re.Match[str]) -> str:
        there = None if _ELSEWHERE.match(found[2]) else place(found[2])
        return found[0] if there is None else f"{found[1]}{there}{found[3]}"

    def prose(piece: str) -> str:
        return _IMG.sub(image, LINK.sub(link, piece))

    return "".join(piece if piece.startswith("```") else prose(piece) for piece in _FENCE.split(text))


def _may_come(target: Path) -> bool:
    root = places.root().resolve()
    if not target.is_file() or target.suffix.lower() not in _BRING or not target.is_relative_to(root):
        return False
    return target.relative_to(root).parts[0] not in _BEHIND


def _in_words(label: str, home: Path, address: str) -> str:
    target = (home / unquote(address.partition("#")[0])).resolve()
    root = places.root().resolve()
    where = target.relative_to(root).as_posix() if target.is_relative_to(root) else address
    return f"{label} (`{where}` in the repository)"
