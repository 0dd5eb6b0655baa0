"""Faces: they parse, call one verb, and show its answer. Nothing is decided here."""
