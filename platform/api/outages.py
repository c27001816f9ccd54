"""Errors of the database that pass by themselves, so that whoever asks again is served."""

import sqlite3

from django.db import DatabaseError, Error, InterfaceError

OF_MYSQL = {
    1040,  # too many connections
    1053,  # the server is shutting down
    1203,  # too many connections of this account
    1205,  # a lock was not to be had in time
    1213,  # of two transactions that waited for each other, this one was chosen to yield
    2002,  # the server cannot be reached
    2003,
    2006,  # the connection has gone
    2013,  # it went while an answer was awaited
}
"""Numbers of errors, as MySQL's reference lists them for the server (1000 on) and for clients (2000 on)."""
OF_SQLITE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def passes(error: Error) -> bool:
    """Whether the database is away or busy, rather than asked for something wrong."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        # The lower byte is the kind of error, the higher ones tell more.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in OF_SQLITE
    if isinstance(error, DatabaseError):
        return bool(error.args) and error.args[0] in OF_MYSQL
    # What MySQL's client says of a connection that was closed beneath it.
    return isinstance(error, InterfaceError)
