"""The demo: a small provider on this machine, so that the story runs without a key."""
