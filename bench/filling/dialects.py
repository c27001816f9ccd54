"""What SQLite and MySQL write differently, of the little that filling tables needs. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """SQL of one kind of database; arguments are expressions in it."""

    moment_of: str
    hex_of: str
    before: tuple[str, ...]
    """what a connection is told before it fills tables: nothing it writes has to outlive a crash"""
    after: tuple[str, ...]

    def moment(self, seconds: str) -> str:
        """A point of time, of its seconds since 1970, as Django's columns hold it."""
        return self.moment_of.format(seconds)

    def hexadecimal(self, number: str, digits: int) -> str:
        """The last so many hexadecimal digits of a number."""
        return self.hex_of.format(number=f"(({number}) % {16**digits})", digits=digits)

    def uuid(self, seconds: str, number: str) -> str:
        """A UUID of version 7, which is told apart by the number."""
        millis = f"(({seconds}) * 1000)"
        scattered = f"(({number}) * 2654435761)"
        parts = [
            self.hexadecimal(f"{millis} DIV 65536", 8),
            self.hexadecimal(millis, 4),
            f"'7' || {self.hexadecimal(number, 3)}",
            f"'8' || {self.hexadecimal(scattered, 3)}",
            self.hexadecimal(number, 12),
        ]
        return " || '-' || ".join(parts)


SQLITE = Dialect(
    moment_of="datetime({}, 'unixepoch')",
    hex_of="printf('%0{digits}x', {number})",
    before=(
        "PRAGMA synchronous = OFF",
        "PRAGMA cache_size = -512000",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA journal_mode = OFF",
    ),
    # A database in memory, as of the tests, knows no WAL, and without any journal it takes nothing back.
    after=("PRAGMA journal_mode = MEMORY", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"),
)
MYSQL = Dialect(
    moment_of="FROM_UNIXTIME({})",
    hex_of="LPAD(LOWER(HEX({number})), {digits}, '0')",
    before=(
        "SET SESSION sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT')",
        "SET SESSION sql_log_bin = OFF",
        "SET SESSION foreign_key_checks = OFF",
        "SET SESSION unique_checks = OFF",
        "SET SESSION innodb_ddl_buffer_size = 268435456",
        "ALTER INSTANCE DISABLE INNODB REDO_LOG",
    ),
    after=("ALTER INSTANCE ENABLE INNODB REDO_LOG",),
)
DIALECTS = {"sqlite": SQLITE, "mysql": MYSQL}
