"""The one that does: look, decide, act, record, tell.

Each module here is a handful of verbs over a `World`: the ports, the settings, and
the session that this process holds. Decisions are taken in `orch_magic.core`.
"""
