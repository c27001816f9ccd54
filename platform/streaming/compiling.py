"""Loops that numba compiles to machine code, and where that is kept. Pure.

numba brings a compiler along, and takes 0.7 s to import: only what reads in columns imports this. Raises ImportError
where there is no numba.

The values of all names that a loop uses are compiled into it, and what is kept is made anew only when the loop's own
file has changed: what another file says has to be an argument.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
from numba import types

_settings: Any = numba.config
KEPT_IN = Path(_settings.CACHE_DIR or Path(__file__).parents[2] / "var" / "compiled")
"""NUMBA_CACHE_DIR, if that is set"""
with suppress(OSError):  # in a container, whose files are read-only: there it is compiled at each start
    KEPT_IN.mkdir(parents=True, exist_ok=True)
IS_KEPT = os.access(KEPT_IN, os.W_OK)
"""numba would refuse to compile what it cannot keep"""
_settings.CACHE_DIR = str(KEPT_IN)

OCTETS = types.Array(types.uint8, 1, "C", readonly=True)
INTS = types.Array(types.int64, 1, "C", readonly=True)
WORDS, TABLE = types.int64[::1], types.int64[:, ::1]
"""that are written to"""


def compiled(signature: Any) -> Any:
    """Compile a function for arguments of these types, and run it without Python's lock."""
    # As soon as it is imported: whoever cannot compile is to know before a message comes.
    return numba.njit(signature, cache=IS_KEPT, nogil=True)
