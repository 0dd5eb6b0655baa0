"""What the README promises, measured beside its peers: `python -m benchmarks`."""
