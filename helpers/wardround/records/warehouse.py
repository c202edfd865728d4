"""The warehouse beside an export: tables that a hospital's systems keep for analysis, read from Parquet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


class Warehouse:
    """The tables of a hospital's warehouse, as attributes and keys; each is read when first asked for.

    Of Quillmere: ``stays`` (as known at 08:00 on the day of discharge, and what was written later), ``windows`` (eight
    hours on a ward, as known one hour after they begin) and ``emergency`` (as known at the end of triage). Columns are
    described in ``datasets/README.md``.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._names = sorted(path.stem for path in folder.glob("*.parquet")) if folder.is_dir() else []
        self._frames: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._names:
            there = f"it holds {', '.join(self._names)}" if self._names else f"there is none in {self._folder.parent}"
            raise KeyError(f"There is no table {name!r} in the warehouse; {there}.")
        if name not in self._frames:
            self._frames[name] = pd.read_parquet(self._folder / f"{name}.parquet")
        return self._frames[name].copy(deep=False)  # copy-on-write: nobody changes another's table

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def keys(self) -> list[str]:
        """Return the names of the tables."""
        return list(self._names)

    def __dir__(self) -> list[str]:
        return [*self._names, "keys"]

    def __repr__(self) -> str:
        return f"<warehouse {', '.join(self._names) or 'without tables'}>"
