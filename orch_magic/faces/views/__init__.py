"""Views: every answer as text for a terminal, HTML for a page, Markdown for an agent.

Pure functions from a value to a string. No toolkit is imported here; a face takes
the string and places it.
"""

from __future__ import annotations

from orch_magic.core.brief import brief_markdown as as_markdown
from orch_magic.faces.views.html import as_html
from orch_magic.faces.views.line import as_line
from orch_magic.faces.views.text import as_text

__all__ = ["as_html", "as_line", "as_markdown", "as_text"]
