"""Week 7's ward over a pipeline that runs: what ``roll_back(drill)`` asks for is noted, and done by the log.

The drill could be left half exchanged. This one cannot: unless the four parts are those of one earlier release, nothing
is moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from wardround.operations.pipeline import MODEL, PARTS

if TYPE_CHECKING:
    from wardround.operations.pipeline import House


class Mixture(RuntimeError):
    """The parts that a function serves are of no one release; nothing was moved."""


class NotHere(RuntimeError):
    """A call of the drill that a rollback of a running pipeline does not need."""


class Ward:
    """What a learner's ``roll_back`` is handed: ``log serving patients minutes``, and the drill's calls."""

    def __init__(self, house: House) -> None:
        self._house, self._state = house, house.standing()
        self.serving = {name: house.live()[name] for name in PARTS}
        self._was, self._lines, self.minutes = dict(self.serving), [], 0
        self._rows = house.last_rows()
        self.patients = self._rows["stay"].tolist()

    @property
    def log(self) -> pd.DataFrame:
        """The log of releases, as week 7's; lines that were written here stand at its end."""
        log = self._house.archive().log
        return pd.concat([log, pd.DataFrame(self._lines)], ignore_index=True) if self._lines else log

    @property
    def because(self) -> str:
        """The reason that was written."""
        return self._lines[-1]["because"] if self._lines else ""

    def serve(self, **parts: Any) -> None:
        """Note parts to be served (``version code contract threshold``)."""
        if unknown := [name for name in parts if name not in PARTS]:
            raise TypeError(f"serve() has no part {unknown[0]!r}; it takes {', '.join(PARTS)}")
        self.serving |= {
            name: value.item() if isinstance(value, np.generic) else value for name, value in parts.items()
        }

    def write(self, action: str, digest: str, by: str, because: str) -> None:
        """Note the line; the log names whoever runs the pipeline, and keeps the reason."""
        self._lines.append({"model": MODEL, "action": action, "digest": digest, "actor": by, "because": str(because)})

    def pause(self) -> None:
        """Nothing to do: the next list goes out on Monday."""

    def resume(self) -> None:
        """Nothing to do, see :meth:`pause`."""

    def replay(self) -> pd.DataFrame:
        """What the parts served now would say of twenty-five of this week: ``encounter_id risk called``."""
        rows = self._rows.head(25)
        risk = self._house.risk(self.serving["version"], self.serving["code"], rows)
        called = pd.Series(risk >= self.serving["threshold"]).astype("boolean")
        return pd.DataFrame({"encounter_id": rows["stay"].to_numpy(), "risk": risk, "called": called})

    def approval(self, digest: str) -> None:
        """Refused: a rollback needs none, and a pipeline cannot give one."""
        raise NotHere("A rollback needs no approval: what it returns to was approved before; leave this call out.")

    def register(self, version: int) -> int:
        """Refused: what is returned to is registered."""
        raise NotHere("A rollback registers nothing: it returns to a release that is there; leave this call out.")

    def delete(self, version: int) -> None:
        """Refused: it could not be undone."""
        raise NotHere("A rollback deletes nothing, or nobody could explain what it said; leave this call out.")

    def bundle_served(self) -> str:
        """Return the digest of the earlier release of which all four parts are.

        Raises
        ------
        Mixture
            There is none.
        """
        for digest in reversed(self._state.releases[:-1]):
            parts = self._house.parts(self._state.bundles[digest])
            if all(parts[name] == self.serving[name] for name in PARTS):
                return digest
        left = [name for name in PARTS if self.serving[name] == self._was[name]]
        raise Mixture(
            f"roll_back left {', '.join(left) or 'nothing'} as it was, and the four parts that it serves are of no one "
            "earlier release, so nothing was moved; mend W07.Q3."
        )
