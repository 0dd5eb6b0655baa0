"""Checkpoints in Git: the store, the published copy, and what Git says of the work.

`discovery` finds the repository, `running` runs Git in it. `store` keeps the
checkpoints on a ref of their own, `publisher` puts their records on the user's
branch, `workspace` looks at the user's files. Nothing else in orch_magic but
`project` knows Git.
"""
