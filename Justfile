# One word runs everything: `just check`. The tools are those of .venv.
export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

# format, lint, types, import contracts, the demo, the tests
check: format-check lint types contracts demo test

format-check:
    ruff format --check .

lint:
    ruff check .

types:
    mypy

contracts:
    lint-imports

# the quickstart notebook end to end, crash included
demo:
    orch demo

test *words:
    pytest {{words}}

# what the README promises, measured beside its peers (minutes)
bench:
    python -m benchmarks

bench-short:
    python -m benchmarks --short

# mend what can be mended by itself
fix:
    ruff check --fix .
    ruff format .
