"""Errors of the database that pass, by themselves or by an operator's hand: whoever asks again later is served."""

import sqlite3

from django.db import DatabaseError, Error, InterfaceError

NOBODY_ANSWERS = {
    1053,  # the server is shutting down
    1927,  # the connection was ended, as MariaDB says it
    2002,  # the server cannot be reached
    2003,
    2005,  # its name is not known at present
    2006,  # the connection has gone
    2012,  # the server did not finish its greeting
    2026,  # TLS was interrupted, or could not begin
    2027,  # what came was cut
    2013,  # it went while an answer was awaited
    2055,  # so too
    3032,  # offline_mode
    3168,  # the server is not available
    3169,  # the session was ended by somebody
    4031,  # the server ended a connection that was idle
}
NO_CHANGES_ARE_TAKEN = {
    1290,  # read_only or super_read_only, as a failover or an operator sets it
    1792,  # a transaction that may only read
    1836,  # innodb_read_only, or a server that is a replica
    1047,  # a cluster's node that is not part of it at present
    3100,  # group replication did not take the commit
    3101,  # it rolled the transaction back
    1598,  # the binlog cannot be written
}
NOTHING_IS_LEFT = {
    1021,  # disk full
    1026,  # a file could not be written
    1030,  # an error of the storage engine: no space, most often
    1037,  # no memory
    1038,  # none to sort in
    1041,  # none for the server
    1114,  # the table, or its disk, is full
    1135,  # no new thread
    1180,  # an error while committing: no space, most often
    1206,  # too many locks
    1637,  # too many transactions at the same time
    1040,  # too many connections
    1129,  # none from this host, after many that failed
    1203,  # too many connections of this account
    1226,  # more than this account may have
}
GAVE_WAY = {
    1205,  # a lock was not to be had in time
    1213,  # of two transactions that waited for each other, this one was chosen to yield
}
"""Whoever does the same once more, at once, is likely to succeed."""
OTHERS_ARE_AT_WORK = GAVE_WAY | {
    1317,  # somebody ended the query
    3024,  # it took longer than the server lets it
}
OF_MYSQL = NOBODY_ANSWERS | NO_CHANGES_ARE_TAKEN | NOTHING_IS_LEFT | OTHERS_ARE_AT_WORK
"""Numbers of errors, as MySQL's reference lists them for the server (1000 on, 3000 on) and for clients (2000 on)."""
OF_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PROTOCOL,  # too many want the lock
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
}


def is_transient(error: Error) -> bool:
    """Whether the database is away, busy, full or read-only, rather than asked for something wrong."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        # The lower byte is the kind of error, the higher ones say more.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in OF_SQLITE
    if isinstance(error, DatabaseError):
        return number_of(error) in OF_MYSQL
    # What MySQL's client says of a connection that was closed beneath it.
    return isinstance(error, InterfaceError)


def gave_way(error: Error) -> bool:
    """Whether MySQL rolled a transaction back for a lock that another one holds."""
    return number_of(error) in GAVE_WAY


def number_of(error: Error) -> int | None:
    """MySQL's number of it."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, int) else None


def in_short(error: Error) -> str:
    """Its kind, with MySQL's number or SQLite's name of it: no hosts, no accounts, no values."""
    name = getattr(error.__cause__, "sqlite_errorname", None) or number_of(error)
    return f"{type(error).__name__} {name}" if name else type(error).__name__
