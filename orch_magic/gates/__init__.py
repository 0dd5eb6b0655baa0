"""Quality gates: the project's own tests, type check and lint, run as it runs them."""
