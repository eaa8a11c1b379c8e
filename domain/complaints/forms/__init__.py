"""The two forms of the procedure: the complaint handling register and the customer visit record.

    paper (what a form consists of) ← register, visit_record ← filling (what is known of a case), wording (in words)

What a form says is decided here, in one language; what it looks like is decided in `documents.forms`.
"""

from domain.complaints.forms.filling import CaseFile, FormKind, form_of, text_ids_in

__all__ = ["CaseFile", "FormKind", "form_of", "text_ids_in"]
