"""The ward behind Q3: a server of four parts that can be exchanged, patients who arrive meanwhile, and a clock.

Everything that is served is computed: the registry's models, the kept feature code and contracts, today's rows. Nothing
here knows which release is the one to return to.
"""

import runpy

import numpy as np
import pandas as pd

PARTS = ("version", "code", "contract", "threshold")
BUNDLE = (*PARTS, "snapshot", "lock", "weights")  # what a line of the log says of a release
BEGINS = pd.Timestamp("2024-11-18 07:40", tz="America/New_York").tz_convert("UTC")
MINUTES = {"serve": 2, "pause": 1, "resume": 1, "replay": 3, "write": 1, "approval": 180, "register": 20, "delete": 1}


class Served:
    """What an archive's releases are made of, each read once: ``model(version)``, ``features(code)``, ``contract(name)``."""

    def __init__(self, archive):
        self._archive, self._read = archive, {}

    def _once(self, what, name, read):
        if (what, name) not in self._read:
            self._read[what, name] = read()
        return self._read[what, name]

    def model(self, version):
        """Return the stored model of a version."""
        import mlflow

        mlflow.set_tracking_uri(self._archive.uri)
        return self._once("model", version, lambda: mlflow.sklearn.load_model(f"models:/readmission/{version}"))

    def features(self, code):
        """Return the function ``features(rows)`` of a kept feature code."""
        return self._once("code", code, lambda: runpy.run_path(str(self._archive.kept / code))["features"])

    def contract(self, name):
        """Return a kept contract, a Pandera schema."""
        import pandera.pandas as pa

        read = (self._archive.kept / name).read_text
        return self._once("contract", name, lambda: pa.DataFrameSchema.from_json(read()))

    def kept_by(self, contract, table):
        """Return which rows of a table keep a contract."""
        import pandera.pandas as pa

        good, table = np.ones(len(table), bool), table.reset_index(drop=True)
        try:
            self.contract(contract).validate(table, lazy=True)
        except pa.errors.SchemaErrors as found:
            good[found.failure_cases["index"].dropna().astype(int)] = False
        return good

    def over(self, parts, rows):
        """Return each patient's risk less the threshold; missing where the contract lets no score through."""
        table = self.features(parts["code"])(rows)
        over = self.model(parts["version"]).predict_proba(table)[:, 1] - parts["threshold"]
        return pd.Series(np.where(self.kept_by(parts["contract"], table), over, np.nan))


class Drill:
    """A ward on a Monday morning. Every call takes its minutes; ``minutes`` says how many have passed.

    Attributes
    ----------
    log : DataFrame
        The log of releases (``archive.log``), with the lines that you write.
    patients : list
        ``encounter_id`` of two months' patients, to count with.
    serving : dict
        What is served: ``version``, and the SHA-256 of ``code`` and ``contract``, and ``threshold``.
    """

    def __init__(self, archive, patients):
        self._archive, self._patients = archive, patients.reset_index(drop=True)
        self._office = Served(archive)
        self.patients = self._patients.encounter_id.tolist()
        active = archive.log[
            (archive.log.model == "readmission") & archive.log.action.isin(["released", "rolled back"])
        ]
        self._parts = {name: _plain(active.iloc[-1][name]) for name in PARTS}
        self._lines, self._copies, self._deleted, self._way, self._made = [], {}, [], [], {}
        self._exchanged = BEGINS  # when what is served was last changed
        self._before = dict(self._parts)
        self._paused, self.minutes, self._served = False, 0, None

    @property
    def serving(self):
        return dict(self._parts)

    @property
    def log(self):
        log = self._archive.log
        return pd.concat([log, pd.DataFrame(self._lines)], ignore_index=True) if self._lines else log

    def serve(self, **parts):
        """Exchange the named parts (``version code contract threshold``) in one step. Two minutes."""
        if unknown := [name for name in parts if name not in PARTS]:
            raise TypeError(f"serve() has no part {unknown[0]!r}; it takes {', '.join(PARTS)}")
        parts = {name: _plain(value) for name, value in parts.items()}
        version = parts.get("version")
        if gone := [name for name, value in parts.items() if pd.isna(value)]:
            raise LookupError(
                f"serve() was given no `{gone[0]}` (it is missing in that line): a line *approved* names only a "
                "digest, and the log holds another model as well; of readmission, *released* and *rolled back* name all parts"
            )
        if isinstance(version, str):
            raise TypeError(f"serve() was given the version {version!r}, a text; give the number, as the log has it")
        if version is not None and version not in self._versions():
            raise LookupError(f"the registry has no version {version}; it has {self._versions()}")
        for name in ("code", "contract"):
            if name in parts and not (self._archive.kept / str(parts[name])).is_file():
                raise LookupError(
                    f"nothing is kept under the {name} {str(parts[name])[:12]!r}; give the SHA-256 of the log"
                )
        self._passes("serve")
        if any(self._parts[name] != value for name, value in parts.items()):
            self._exchanged = BEGINS + pd.Timedelta(minutes=self.minutes)
        self._parts |= parts
        if not self._paused:
            self._way.append(self.serving)

    def pause(self):
        """Show no score; the ward makes its list by hand. One minute."""
        self._paused = True
        self._passes("pause")

    def resume(self):
        """Show scores again. One minute."""
        self._paused = False
        self._passes("resume")
        self._way.append(self.serving)

    def replay(self):
        """What is served now would say of twenty-five patients: ``encounter_id risk called``. Three minutes."""
        self._passes("replay")
        return self._said().head(25).copy()

    def write(self, action, digest, by, because):
        """Append a line to the log of releases; the log adds the minute, and the parts of a digest that it knows. One minute."""
        self._passes("write")
        line = {"number": len(self._archive.lines) + len(self._lines) + 1, "model": "readmission"}
        line |= {"at": BEGINS + pd.Timedelta(minutes=self.minutes), "action": str(action), "actor": str(by or "")}
        line |= {"digest": _plain(digest), "because": str(because or "")}
        self._lines.append(line | self._bundles().get(line["digest"], {}))

    def approval(self, digest):
        """Wait for a second person's approval of a bundle. Three hours on a Monday morning."""
        self._passes("approval")
        self.write("approved", digest, "r.lindqvist", "asked for")

    def register(self, version):
        """Register the files of a version as a new version, whose number is returned. Twenty minutes with its tests."""
        self._passes("register")
        new = max(self._versions()) + 1
        self._copies[new] = self._copies.get(_plain(version), _plain(version))
        return new

    def delete(self, version):
        """Delete a version from the registry. One minute; it cannot be undone."""
        self._passes("delete")
        self._deleted.append(_plain(version))

    def _passes(self, what):
        self.minutes += MINUTES[what]

    def _bundles(self):
        """What each digest of the log stands for."""
        known = self._archive.log.dropna(subset=["digest", "code"])
        return {line["digest"]: {name: _plain(line[name]) for name in BUNDLE} for _, line in known.iterrows()}

    def _versions(self):
        known = sorted(self._archive.log.version.dropna().astype(int).unique())
        return [int(one) for one in (*known, *self._copies) if one not in self._deleted]

    def _said(self):
        """One row a patient: the risk, and whether she is called; missing where the contract lets no score through."""
        parts = self._parts
        if self._paused or parts["version"] in self._deleted:
            risk = np.full(len(self._patients), np.nan)
        else:
            table = self._table(parts["code"])
            model = self._office.model(self._copies.get(parts["version"], parts["version"]))
            risk = np.where(self._kept_by(parts["contract"], parts["code"]), model.predict_proba(table)[:, 1], np.nan)
        called = pd.Series(risk >= parts["threshold"]).astype("boolean").mask(np.isnan(risk))
        return pd.DataFrame({"encounter_id": self._patients.encounter_id, "risk": risk, "called": called})

    def _table(self, code):
        if code not in self._made:
            self._made[code] = self._office.features(code)(self._patients)
        return self._made[code]

    def _kept_by(self, contract, code):
        """Which rows keep a contract."""
        if (contract, code) not in self._made:
            self._made[contract, code] = self._office.kept_by(contract, self._table(code))
        return self._made[contract, code]

    def _ended(self):
        """What came of it, as plain data."""
        letters = self._said().called.map({True: "c", False: "n"}).fillna("-")
        return {
            "decisions": "".join(letters),
            "serving": self.serving,
            "way": self._way[:-1],
            "paused": self._paused,
            "lines": [
                [line["action"], line["digest"], line["because"].strip() != "" and line["actor"].strip() != ""]
                for line in self._lines
            ],
            "digests": [
                digest
                for digest, parts in self._bundles().items()
                if all(parts[name] == self._parts[name] for name in PARTS)
            ],
            "known": sorted(self._bundles()),
            "early": any(line["action"] == "rolled back" and line["at"] < self._exchanged for line in self._lines)
            and self.serving != self._before,
            "minutes": self.minutes,
            "deleted": self._deleted,
        }


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


def ended(drill):
    """What a drill came to, for the check."""
    return drill._ended()
