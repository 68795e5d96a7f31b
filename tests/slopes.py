"""Slopes: whether twice the work takes about twice the time, on a machine that does other things too."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

STEEPEST = 2.5
"""Between linear, which is 2, and quadratic, which is 4."""
_ROUNDS = 12


def steepness(once: Callable[[], object], twice: Callable[[], object], floor: float = 0.0) -> float:
    """The time of `twice` over that of `once`, the least of several rounds each: what is above it others did.

    Ends as soon as the slope is no steeper than STEEPEST. A cost below `floor` seconds counts as that, so that no
    clock's grain is taken for a slope.
    """
    once()
    least = [float("inf"), float("inf")]
    for _ in range(_ROUNDS):
        least = [min(least[0], _spent(once)), min(least[1], _spent(twice))]
        if least[1] / max(least[0], floor) < STEEPEST:
            break
    return least[1] / max(least[0], floor)


def _spent(work: Callable[[], object]) -> float:
    """Seconds of this thread. A collection in the middle would be the work of others."""
    gc.collect()
    gc.disable()
    try:
        begun = time.thread_time()
        work()
        return time.thread_time() - begun
    finally:
        gc.enable()
