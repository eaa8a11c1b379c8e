"""Taking over the records of another system (导入): what a mapping says, and what its rows become.

    mapping (their columns, our fields) → columns (which is where, in which format) → rows (one complaint each)
    survey (all rows looked at before any is taken)

Pure: the file is read and the cases are written elsewhere.
"""

from domain.complaints.importing.columns import Plan, Unusable, plan_of
from domain.complaints.importing.mapping import Mapping, mapping_text, shipped_mapping, shipped_mappings
from domain.complaints.importing.rows import Fault, Found, understand
from domain.complaints.importing.survey import Report, Survey

__all__ = [
    "Fault",
    "Found",
    "Mapping",
    "Plan",
    "Report",
    "Survey",
    "Unusable",
    "mapping_text",
    "plan_of",
    "shipped_mapping",
    "shipped_mappings",
    "understand",
]
