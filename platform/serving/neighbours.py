"""How many connections each process of the server holds, in memory that all of them share."""

import mmap

PLACES = 256
"""Processes that can be told apart; many more than ever run beside each other."""

# Made by gunicorn's first process, which imports this before it forks the others. 0: nobody; else one more than are
# held.
_held = memoryview(mmap.mmap(-1, 4 * PLACES)).cast("I")


def tell(process: int, held: int) -> None:
    """Say that a process, by its number, takes connections, and holds so many."""
    _held[process % PLACES] = held + 1


def leave(process: int) -> None:
    """Say that it takes no more."""
    _held[process % PLACES] = 0


def least_held(*, beside: int) -> int | None:
    """What the one of the other processes holds that holds least; None: there is no other."""
    others = [held for place, held in enumerate(_held) if held and place != beside % PLACES]
    return min(others) - 1 if others else None
