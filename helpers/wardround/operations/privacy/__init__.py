"""What may leave the building: remove it, measure what is left, hold the boundary, and write down who decided.

``EIGHTEEN attest`` the rule and the question no program answers; ``judge_columns`` reads the papers of a table;
``safe_harbor_table safe_harbor_export`` remove; ``limited_data_set`` removes less under an agreement;
``uniqueness population_uniqueness link`` say what is left of a person; ``redact score_notes`` are for free text, with
what they miss; ``Policy Desk`` say who reads what inside; ``Guard Proxy StandIn`` stand at the door; ``may_leave
DecisionLog`` say why it opened.

Legal statements are of the United States, as of ``AS_OF``, and no legal advice: verify before relying.
"""

from .access import Desk, Policy, Refused
from .columns_judged import VERDICTS, judge_columns, judged_in_words
from .decisions import (
    CLAUSES,
    DATA_CLASSES,
    RECORD,
    Agreement,
    Answer,
    DecisionLog,
    Purpose,
    may_leave,
    missing,
)
from .disclosure import (
    InPopulation,
    Linked,
    Uniqueness,
    diversity,
    group_sizes,
    ladder,
    link,
    population_uniqueness,
    smallest_class,
    uniqueness,
)
from .egress import Finding, Guard, Request, Route, Verdict
from .egress_proxy import Proxy, Received, StandIn
from .egress_readings import readings
from .fhir_harbor import safe_harbor_export, safe_harbor_resource
from .fhir_lists import HIDING_PLACES, KEPT_TYPES
from .identifiers import (
    ACTUAL_KNOWLEDGE,
    AS_OF,
    CITED,
    EIGHTEEN,
    SHAPED,
    Attestation,
    Identifier,
    PrivacyError,
    Rule,
    Span,
    attest,
    find_shaped,
)
from .limited import DIRECT, limited_data_set
from .notes import (
    BROAD,
    EPONYMS,
    NARROW,
    NoteScore,
    Redacted,
    find_in_note,
    notes_still_naming,
    redact,
    score_notes,
)
from .tables_harbor import ROLES, Crosswalk, Harboured, safe_harbor_table
from .zip3 import ACS_2022, OCR_2000, QUOTED, Zip3Table, kept_by_list

__all__ = [
    "ACS_2022",
    "ACTUAL_KNOWLEDGE",
    "AS_OF",
    "BROAD",
    "CITED",
    "CLAUSES",
    "DATA_CLASSES",
    "DIRECT",
    "EIGHTEEN",
    "EPONYMS",
    "HIDING_PLACES",
    "KEPT_TYPES",
    "NARROW",
    "OCR_2000",
    "QUOTED",
    "RECORD",
    "ROLES",
    "SHAPED",
    "VERDICTS",
    "Agreement",
    "Answer",
    "Attestation",
    "Crosswalk",
    "DecisionLog",
    "Desk",
    "Finding",
    "Guard",
    "Harboured",
    "Identifier",
    "InPopulation",
    "Linked",
    "NoteScore",
    "Policy",
    "PrivacyError",
    "Proxy",
    "Purpose",
    "Received",
    "Redacted",
    "Refused",
    "Request",
    "Route",
    "Rule",
    "Span",
    "StandIn",
    "Uniqueness",
    "Verdict",
    "Zip3Table",
    "attest",
    "diversity",
    "find_in_note",
    "find_shaped",
    "group_sizes",
    "judge_columns",
    "judged_in_words",
    "kept_by_list",
    "ladder",
    "limited_data_set",
    "link",
    "may_leave",
    "missing",
    "notes_still_naming",
    "population_uniqueness",
    "readings",
    "redact",
    "safe_harbor_export",
    "safe_harbor_resource",
    "safe_harbor_table",
    "score_notes",
    "smallest_class",
    "uniqueness",
]
