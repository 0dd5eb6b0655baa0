"""Interleaved rounds: whoever is measured meets the same weather.

Every round lets each contender go once, each round another one first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

Contender = Callable[[int], float]
"""Given the number of the round, does its work and returns its seconds."""

Times = dict[str, list[float]]
"""Seconds by contender, a figure for each round."""


def interleave(rounds: int, contenders: Mapping[str, Contender]) -> Times:
    """Run the rounds and return the seconds of each contender."""
    times: Times = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            times[name].append(contenders[name](number))
    return times


def seconds_of(work: Callable[[], object]) -> float:
    """Time one piece of work."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ratio(ours: Sequence[float], peer: Sequence[float]) -> float:
    """Return how many times the peer's median ours is."""
    return median(ours) / median(peer)


def extra(ours: Sequence[float], peer: Sequence[float]) -> float:
    """Return the median of what ours takes more than the peer in the same round."""
    return median(a - b for a, b in zip(ours, peer, strict=True))


def in_ms(seconds: Sequence[float]) -> str:
    """Write a median for a person."""
    return f"{median(seconds) * 1000:.3g} ms"
