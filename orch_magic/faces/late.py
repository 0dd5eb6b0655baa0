"""The heavy half of the package, if anything has needed it yet.

Loading the extension must cost next to nothing: pydantic, SQLite and the views come
with the first ``%orch`` line. Until then no session is held, and hooks have no work.
"""

from __future__ import annotations

import sys
from typing import Any


def here_if_loaded() -> Any:
    """Return the module `orch_magic.here` once something has imported it, else None."""
    return sys.modules.get("orch_magic.here")
