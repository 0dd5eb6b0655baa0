"""``orch`` as people run it: its words, its exit codes, what it prints."""

from __future__ import annotations

import json
import os
import subprocess
from decimal import Decimal

import pytest
from conftest import ORCH

from orch_magic.faces.grammar import COMMANDS
from orch_magic.metering.reply import __name__ as _reply_room

LINES = [
    "status",
    "note 512 is best",
    "decide use 512 --why 'best recall'",
    "block no GPU",
    "issue x-1 compare chunk sizes",
    "task half of it --progress 50",
    "spend 0.25 --note call",
    "spend",
    "budget 7.50",
    "budget",
    "price mine --input 1 --output 2",
    "checkpoint before lunch",
    "list",
    "brief",
    "brief --format md",
    "epics",
    "baseline",
    "verify",
]
del _reply_room
