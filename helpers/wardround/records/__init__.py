"""Any FHIR R4 export, read and flattened: nothing here knows the hospital's truth or its seed.

``read_export(path)`` opens an export; ``compile_view(view)`` compiles a SQL on FHIR v2 ViewDefinition.
"""

from .errors import RecordsError, ViewError
from .export import Hospital, read_export
from .flatten import View, compile_view
from .tables import TABLES, frame, view_of

__all__ = ["TABLES", "Hospital", "RecordsError", "View", "ViewError", "compile_view", "frame", "read_export", "view_of"]
