"""The forms of the procedure on paper and on the screen: one layout, as HTML and as PDF.

What they say comes from `domain.complaints.forms`; nothing here knows a case.
"""

from documents.forms.rendering import FormFormat, render_form, stylesheet

__all__ = ["FormFormat", "render_form", "stylesheet"]
