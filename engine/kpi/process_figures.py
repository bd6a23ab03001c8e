"""What this process takes of the computer, without a library of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import linear_regression

_MB = 1024 * 1024
_ENOUGH_SAMPLES = 30

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class _Counters(ctypes.Structure):
        _fields_ = (
            ("cb", wintypes.DWORD),
            ("page_faults", wintypes.DWORD),
            ("peak_working_set", ctypes.c_size_t),
            ("working_set", ctypes.c_size_t),
            ("quota", ctypes.c_size_t * 4),
            ("pagefile", ctypes.c_size_t),
            ("peak_pagefile", ctypes.c_size_t),
        )

    def memory_mb() -> float:
        """Resident memory now."""
        counters = _Counters()
        counters.cb = ctypes.sizeof(counters)
        kernel = ctypes.windll.kernel32
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        ask = kernel.K32GetProcessMemoryInfo
        ask.argtypes = (wintypes.HANDLE, ctypes.POINTER(_Counters), wintypes.DWORD)
        ask(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.cb)
        return float(counters.working_set) / _MB

else:
    import resource

    def memory_mb() -> float:
        """Resident memory now; where the system does not tell (macOS), its peak."""
        statm = Path("/proc/self/statm")
        if statm.exists():
            pages = int(statm.read_text(encoding="ascii").split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE") / _MB
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB


def growth_mb_per_h(samples: Sequence[tuple[float, float]]) -> float | None:
    """The slope of (seconds, MB), without the first tenth, where caches fill.

    None when there are too few samples to mean anything.
    """
    kept = samples[len(samples) // 10 :]
    if len(kept) < _ENOUGH_SAMPLES:
        return None
    slope, _ = linear_regression([at_s for at_s, _ in kept], [mb for _, mb in kept])
    return slope * 3600
