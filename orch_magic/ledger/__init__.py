"""The ledger: what happened, in one SQLite file that every process shares."""
