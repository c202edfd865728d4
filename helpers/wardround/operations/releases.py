"""From a proposal to a release and back, over MLflow's registry and the log of releases.

Own code: MLflow keeps versions and an alias, but an alias has no history and any client may move it past an approval.
So the log decides. A release is one committed line of it; the alias is moved afterwards, for people and the registry's
page. A kill between the two leaves a release that is served and an alias that is behind, which is said and mended.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wardround.operations.bundle import Bundle
from wardround.operations.ledger import NOTHING, Anchor, Ledger, Line, LogUnreadable, Overtaken
from wardround.operations.registry import NotWhole, Registry


class Refused(RuntimeError):
    """A step of a release is not taken, and nothing was changed; the message says why."""


class AliasBehind(RuntimeError):
    """The log has the release and it is served; only the registry's alias still shows another version."""


@dataclass(frozen=True)
class Proposal:
    """A bundle on its way: who proposed it, over which release, and the second person, once there is one."""

    bundle: Bundle
    by: str
    over: str | None
    approved_by: str | None = None


@dataclass
class State:
    """What the log says.

    Attributes
    ----------
    bundles
        Every bundle that was ever proposed, by digest.
    proposals
        By digest; a bundle that was rolled back is none any more, and needs a new proposal and a new approval.
    releases
        Digests; the last is in force, those before it are what a rollback returns to.
    void
        A sentence for each line that breaks the rules (released without a second person): it does not count.
    """

    anchor: Anchor
    bundles: dict[str, Bundle] = field(default_factory=dict)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    releases: list[str] = field(default_factory=list)
    last: Line | None = None
    void: list[str] = field(default_factory=list)

    @property
    def current(self) -> str | None:
        """Digest of the release in force."""
        return self.releases[-1] if self.releases else None

    def version(self, digest: str) -> int:
        """Return the version in the registry of a bundle."""
        return self.bundles[digest].version


@dataclass(frozen=True)
class Releases:
    """The releases of one registered model.

    Parameters
    ----------
    registry
        Where its versions are.
    log
        The log; lines of other actions and other models in it are left alone.
    """

    registry: Registry
    log: Ledger

    @property
    def name(self) -> str:
        """Name of the registered model."""
        return self.registry.name

    def propose(self, bundle: Bundle, by: str, because: str) -> str:
        """Write the bundle into the log and return its digest.

        Raises
        ------
        NotWhole
            As ``registry.check`` finds.
        Refused
            It is of another model, or is the release in force; or the log does not hold together.
        """
        if bundle.name != self.name:
            raise Refused(f"The bundle is of {bundle.name}, and these are releases of {self.name}.")
        self.registry.check(bundle)
        state = self.state()
        if state.current == bundle.digest:
            raise Refused(f"Version {bundle.version} in this bundle is the release in force; there is nothing to do.")
        detail = {"digest": bundle.digest, "bundle": bundle.model_dump(mode="json"), "over": state.current}
        self.log.append(by, "proposed", {"model": self.name, "because": because, **detail})
        return bundle.digest

    def approve(self, digest: str, by: str, because: str) -> None:
        """Write a second person's approval.

        Raises
        ------
        Refused
            Nobody proposed it, the same person did (capitals and blanks make no other), or ``by`` names nobody.
        """
        proposal = self._proposal(self.state(), digest)
        if not (by or "").strip():
            raise Refused(
                f"An approval of version {proposal.bundle.version} names nobody; give the person who approves."
            )
        if _person(proposal.by) == _person(by):
            raise Refused(f"{by} proposed version {proposal.bundle.version}; another person must approve it.")
        self.log.append(by, "approved", {"model": self.name, "digest": digest, "because": because})

    def promote(self, digest: str, by: str) -> Line:
        """Release an approved bundle; the line of the log that says so is returned.

        Raises
        ------
        Refused
            Not proposed, not approved, or another release came in between.
        NotWhole
            A part has gone or changed since.
        AliasBehind
            It is released; the registry's alias could not be moved.
        """
        while True:
            state = self.state()
            if state.current == digest and state.last is not None:
                line = state.last
                break
            proposal = self._proposal(state, digest)
            if proposal.approved_by is None:
                raise Refused(f"Version {proposal.bundle.version} waits for a second person: nobody approved it yet.")
            if proposal.over != state.current:
                raise Refused(
                    f"Version {proposal.bundle.version} was approved as the successor of another release, and "
                    f"{self._now(state)}. Compare with that one and propose again."
                )
            self.registry.check(proposal.bundle)
            detail = {"model": self.name, "digest": digest, "version": proposal.bundle.version, "over": state.current}
            with contextlib.suppress(Overtaken):  # somebody wrote a line meanwhile: look again
                line = self.log.append(by, "released", detail, after=state.anchor)
                break
        self.mend()
        return line

    def roll_back(self, by: str, because: str, *, to: str | None = None) -> Line:
        """Return to the release before, or to an earlier one; all of its bundle, never a part.

        One person may do it, at any hour: what is returned to was approved before.

        Raises
        ------
        Refused
            There is no earlier release, or ``to`` is none.
        NotWhole
            What would be returned to has gone or changed; name an earlier one with ``to``.
        AliasBehind
            It is rolled back; the registry's alias could not be moved.
        """
        first = self.state().current
        while True:
            state = self.state()
            if state.current != first:
                raise Refused(f"Nothing was rolled back by {by}: {self._now(state)}. Look again.")
            earlier = state.releases[:-1]
            target = to or (earlier[-1] if earlier else None)
            if target not in earlier:
                raise Refused(f"{self.name} has no earlier release {(to or '')[:12]}".rstrip() + " to return to.")
            # A training table that was lost must not hold up a rollback.
            self.registry.check(state.bundles[target], ("feature_code",))
            versions = {"version": state.version(target), "instead_of": state.version(state.current)}
            detail = {"model": self.name, "digest": target, "over": state.current, "because": because, **versions}
            with contextlib.suppress(Overtaken):
                line = self.log.append(by, "rolled back", detail, after=state.anchor)
                break
        self.mend()
        return line

    def mend(self) -> None:
        """Point the alias to the release in force, and tag that version with the bundle and the log's end.

        Raises
        ------
        AliasBehind
            The registry cannot be written.
        """
        state = self.state()
        if state.current is None:
            return
        bundle = state.bundles[state.current]
        try:
            self.registry.show(bundle.version, {"bundle": bundle.digest, "log": "{} {}".format(*state.anchor)})
        except NotWhole as trouble:
            raise AliasBehind(
                f"Version {bundle.version} is in force and will be served, but the alias {self.registry.alias} could "
                f"not be moved ({trouble}); call mend() when the registry can be written."
            ) from trouble

    def state(self, anchor: Anchor | None = None) -> State:
        """Return what the log says, once it was found whole.

        Raises
        ------
        Refused
            A line does not follow, or the log cannot be read.
        """
        broken = self.log.verify(anchor)
        try:
            lines = [] if broken else self.log.lines()
        except LogUnreadable as trouble:
            raise Refused(str(trouble)) from trouble
        if broken:
            raise Refused(f"The log of releases does not hold ({broken.why}); nothing new is released or served.")
        return replayed(lines, self.name)

    def _proposal(self, state: State, digest: str) -> Proposal:
        if digest not in state.proposals:
            raise Refused(f"No bundle {digest[:12]} is proposed for {self.name}; propose it first.")
        return state.proposals[digest]

    def _now(self, state: State) -> str:
        """Who did what last, and what is in force since."""
        what = f"version {state.version(state.current)}" if state.current else "nothing"
        since = f"since {state.last.actor} ({state.last.action}, {state.last.at})" if state.last else "yet"
        return f"{what} is in force {since}"


def replayed(lines: Sequence[Line], name: str) -> State:
    """Return what lines say of the releases of a model; a line that breaks the rules is void and does not count."""
    state = State(Anchor(lines[-1].number, lines[-1].hash) if lines else Anchor(0, NOTHING))
    for line in lines:
        try:
            detail = line.told()
            if detail.get("model") == name:
                _apply(state, line, detail)
        except (KeyError, ValueError, AttributeError, TypeError):
            state.void.append(f"line {line.number} ({line.actor}, {line.action}) breaks the rules and does not count")
    return state


def _apply(state: State, line: Line, detail: dict[str, Any]) -> None:
    """Let one line count, or raise: the rules hold for the log, not only for those who write it through this file."""
    digest = detail.get("digest", "")
    if line.action == "proposed":
        bundle = Bundle.model_validate(detail["bundle"])
        _rule(bundle.digest == digest)
        state.bundles[digest] = bundle
        state.proposals[digest] = Proposal(bundle, line.actor, detail["over"])
    elif line.action == "approved":
        was = state.proposals[digest]
        _rule(_person(was.by) != _person(line.actor))
        state.proposals[digest] = replace(was, approved_by=line.actor)
    elif line.action == "released":
        was = state.proposals[digest]
        _rule(was.approved_by is not None and was.over == state.current != digest)
        state.releases.append(digest)
        state.last = line
    elif line.action == "rolled back":
        kept = state.releases.index(digest, 0, -1) + 1
        for withdrawn in state.releases[kept:]:
            state.proposals.pop(withdrawn, None)
        del state.releases[kept:]
        state.last = line


def _rule(holds: bool) -> None:
    if not holds:
        raise ValueError


def _person(name: str) -> str:
    return " ".join(name.casefold().split())
