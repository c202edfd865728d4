"""Any FHIR R4 export, read and flattened: nothing here knows the hospital's truth or its seed.

``read_export(path)`` opens an export; ``compile_view(view)`` compiles a SQL on FHIR v2 ViewDefinition;
``messages(path)`` splits HL7 v2 messages; ``results_as_of`` and ``claims_as_of`` say what the feeds had told by when.
"""

from .as_of import claims_as_of, results_as_of
from .errors import RecordsError, ViewError
from .export import Hospital, read_export
from .feeds import Feeds, read_feeds
from .flatten import View, compile_view
from .hl7_files import messages
from .hl7v2 import Message
from .tables import TABLES, frame, view_of

__all__ = [
    "TABLES",
    "Feeds",
    "Hospital",
    "Message",
    "RecordsError",
    "View",
    "ViewError",
    "claims_as_of",
    "compile_view",
    "frame",
    "messages",
    "read_export",
    "read_feeds",
    "results_as_of",
    "view_of",
]
