"""What may leave the building: remove it, measure what is left, hold the boundary, and write down who decided.

The names below are the public ones; each is imported from this package. Legal statements are of November 2026 (the
facts' as-of date is :data:`AS_OF`), United States, not legal advice: verify before relying.
"""

from __future__ import annotations

AS_OF = "2026-11-23"

# identifiers.py ------------------------------------------------------------------------------------------------------
# Identifier(letter, name, rule); EIGHTEEN: tuple of Identifier, A to R of 45 CFR 164.514(b)(2)(i)
# ACTUAL_KNOWLEDGE: tuple of str, the questions of (b)(2)(ii) to the person who releases


def attest(answers, by):
    """Return an Attestation that nobody knows how the rest could identify a person.

    ``answers`` maps every question of ACTUAL_KNOWLEDGE to False ("no, we know of no such way") and ``by`` is a person;
    a question left out, or answered True, raises PrivacyError: no program answers these questions.
    """


# zip3.py -------------------------------------------------------------------------------------------------------------
# OCR_2000, ACS_2022: tuples of restricted prefixes with their vintage; QUOTED: the Zip3Table of the facts


class Zip3Table:
    """Populations of three-digit ZIP prefixes, with the census product and vintage they come from.

    ``Zip3Table(populations: Mapping[str, int], product, vintage, margin=1_000)``.
    ``keep(zip) -> str``: the prefix where the table has it above 20,000 + margin, else "000" (also for a malformed one).
    ``column(series) -> Series``; ``judged(prefixes) -> DataFrame`` (prefix, population, kept, why).
    ``Zip3Table.read(path, product, vintage)``: from a CSV with columns zip (5 digits) and population.
    """


# tables_harbor.py ----------------------------------------------------------------------------------------------------
# ROLES: name -> meaning: "keep" "drop" "surrogate" "year" "birth" "age" "zip" "state" "text"


def safe_harbor_table(frame, roles, *, crosswalk=None, zip3=None, as_of=None):
    """Return Harboured(frame, report): the table with every column handled by its declared role.

    ``roles`` maps column -> role; a column without a role goes (default deny). "surrogate" needs a Crosswalk. "age"
    pools over 89 as 90 and, of one person's rows, blanks the ages from which the pooled one would follow; "birth" keeps
    the year unless it shows an age over 89; "year" keeps a date's year; "zip" keeps what ``zip3`` allows; "keep" is the
    learner's word that the column holds none of the eighteen (its text is still searched and refused when it does).
    ``report`` is a DataFrame: column, role, letter, changed (rows), lost.
    """


class Crosswalk:
    """Random surrogates for ids, and the table back. ``Crosswalk().surrogate(kind, id) -> str``; ``original(token)``.

    Nothing in a token follows from the id. ``save(path)`` (mode 0600) and ``Crosswalk.read(path)``; it stays inside.
    """


# fhir_harbor.py ------------------------------------------------------------------------------------------------------
# KEPT_TYPES: the resource types that leave at all; HIDING_PLACES: path -> letter -> why (for the lesson's table)


def safe_harbor_resource(resource, crosswalk, *, zip3=None, as_of=None, report=None):
    """Return a new resource holding only what is listed as harmless, or None where its type does not leave.

    Default deny by element: ids and references become surrogates; dates their year; text.div, Reference.display, contact,
    Attachment, meta.lastUpdated, notes, unknown extensions, local codes go. ``report`` (a Counter) counts (path, letter).
    """


def safe_harbor_export(resources, crosswalk, *, zip3=None, as_of=None):
    """Return (resources kept, Counter of what went) for many resources."""


# limited.py ----------------------------------------------------------------------------------------------------------
# DIRECT: the sixteen letters and names that a limited data set may not hold


def limited_data_set(frame, roles, agreement):
    """Return the table with the direct identifiers removed; dates, ages, city, state, ZIP stay. Still PHI.

    Roles: "direct" "street" go, "date" "city" "state" "zip" "age" "keep" stay, "surrogate" is not offered here.
    Refused (PrivacyError) without a data use agreement for research, public health or operations that is in force.
    """


# disclosure.py -------------------------------------------------------------------------------------------------------


def uniqueness(frame, columns):
    """Return Uniqueness(rows, unique, share, k, mean_risk): rows alone with their combination, smallest class."""


def smallest_class(frame, columns):
    """Return k: the size of the smallest group of rows that agree in ``columns``."""


def diversity(frame, columns, sensitive):
    """Return l: the smallest number of different sensitive values in a group."""


def population_uniqueness(sample, population, columns):
    """Return InPopulation(sample_unique, also_unique, absent, share): of the sample's unique rows, those unique outside."""


def ladder(frame, steps):
    """Return a DataFrame, one row a step: ``steps`` maps a name to columns (or to a function frame -> frame)."""


def link(released, register, columns, *, truth=None):
    """Return Linked(claims, correct, wrong, pairs): the attack by exact match on columns unique in both tables.

    ``truth`` is a pair of column names, one in each table, that say who it is; without it correct is None.
    """


# notes.py ------------------------------------------------------------------------------------------------------------
# Rule(kind, letter, pattern); NARROW, BROAD: tuples of Rule; EPONYMS: words that look like names and are findings


def find_in_note(text, rules=None, *, known=None, spare=()):
    """Return spans (begin, end, kind): by rules, and by what the record knows (``known``: kind -> values)."""


def redact(text, rules=None, *, known=None, spare=()):
    """Return Redacted(text, spans): every span replaced by its kind in brackets; ``spare`` are words never touched."""


def score_notes(texts, planted, found, eponyms=()):
    """Return NoteScore: recall by span, by note and by kind, notes that still name someone, false redactions.

    ``texts`` maps note -> text, ``planted`` and ``found`` map note -> spans (begin, end, kind).
    """


def notes_still_naming(recall, spans_per_note):
    """Return the share of notes with at least one span left where each is caught with ``recall``, independently."""


# access.py -----------------------------------------------------------------------------------------------------------


class Policy:
    """Roles × fields: ``Policy({role: {field: "rw"}})``; what is not granted is refused.

    ``allowed(role, field, action="r")``; ``view(frame, role) -> frame`` with only granted columns;
    ``matrix(fields) -> DataFrame``; ``probe(reader, fields) -> DataFrame`` tries every cell against a running reader
    ``reader(role, field) -> bool`` and returns the cells where it and the policy differ.
    """


class Desk:
    """Reading through a policy, with every look in the ledger: ``Desk(policy, frame, ledger, key="patient_id")``.

    ``look(user, role, patient, fields, reason) -> dict``; ``break_glass(user, role, patient, fields, reason)`` gives
    more and is marked; refusals raise Refused and are logged too. ``log() -> DataFrame``.
    """


# egress.py, egress_readings.py, egress_proxy.py ----------------------------------------------------------------------


class Request:
    """What wants to leave: ``Request(destination, purpose, fields: dict, path="/", headers={}, files={}, user=...)``."""


class Guard:
    """The egress guard: ``Guard(routes, known=None).decide(request) -> Verdict(action, why, findings, request)``.

    ``action`` is "allow", "redact" or "block"; ``request`` is what may leave (None when blocked). A Route names purpose,
    destination, fields, free-text fields, and the agreement. An identifier in plain sight of a free-text field is redacted;
    a hidden one (spelled digits, base64, split, file name, stack trace) and an instruction to the reader block.
    """


def readings(text):
    """Return (how, text) for every way to read a text: plain, unescaped, decoded, digits spelled out, letters joined."""


class StandIn:
    """A stand-in endpoint on 127.0.0.1 that records every byte: ``with StandIn() as there: there.url; there.received``."""


class Proxy:
    """A local proxy before the stand-in: ``with Proxy(guard, ledger) as here: here.url``; POST JSON to it.

    The body is {"purpose", "destination", "user", "fields", "files"}. It answers 200 with the endpoint's answer (checked as
    well), or 403 with a reason that repeats nothing of the payload. ``Proxy.send(...)`` is the client.
    """


# decisions.py --------------------------------------------------------------------------------------------------------
# DATA_CLASSES: "phi" "limited" "deidentified" "special" "synthetic"; CLAUSES: five separate clauses of an agreement


class Purpose:
    """``Purpose(name, why, fields, owner)``: what data are used for, and the fields that it needs."""


class Agreement:
    """``Agreement(party, kind, purposes, data_classes, endpoints, clauses, start, end)``; kind "baa" or "dua"."""


def may_leave(data_class, purpose, agreement, endpoint, when):
    """Return Answer(allowed, why) by the boundary table: never without what its class needs."""


class DecisionLog:
    """Decisions over operations.ledger: ``DecisionLog(ledger).decide(by, purpose, data_class, agreement, allowed, why,
    review)``; ``in_force(when)``; ``revoke(by, number, why)``; ``table()``."""
