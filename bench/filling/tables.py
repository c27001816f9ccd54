"""What the tables of a shop hold that has been open for long: a description of each, as SQL makes it fast. Pure.

A description names a table and, of its columns, those that Django does not leave empty: each with an expression in
which `n` is the row's number, from 1 on. Whoever changes a table changes it here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bench.filling.dialects import Dialect

HOUR, DAY = 3600, 86400
SPAN = 365 * DAY
"""Over so long the shop has taken its orders."""
NOTIFIED_FOR = 175 * DAY
OVERDUE = 500
"""Rows that the next purge has to delete."""
BETWEEN_HOURS = 28
"""Every user has bought in the same hours, which is the worst case for sums over all users."""


@dataclass(frozen=True, slots=True)
class Volume:
    """How many rows each table gets, and between how many users they are shared.

    now: when the last of them was written. payload: an outbox message, as hexadecimal digits.
    """

    transactions: int
    hourly_totals: int
    users: int
    now: datetime
    payload: str = "00"
    alerts: int = 0
    notifications: int = 0
    outbox: int = 0
    keys: int = 0
    audit_lines: int = 0
    shop: int = 0
    investigator: int = 0
    """ids of accounts"""

    @property
    def second(self) -> int:
        return int(self.now.timestamp())

    @property
    def newest_hour(self) -> int:
        return self.second - self.second % HOUR


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    model: str
    """whose indexes are made after the rows, which is quicker"""
    rows: Callable[[Volume], int]
    columns: Callable[[Dialect, Volume], Mapping[str, str]]


def spread_over(span: int, rows: int, volume: Volume) -> str:
    """Seconds since 1970 of row n, where the last row is of now."""
    return f"({volume.second} - ({rows} - n) * {span} DIV {rows})"


def drawn(rows: int, salt: int = 0) -> str:
    """A number from 0 to rows - 1 that looks drawn, and is the same for the same n."""
    scattered = f"((n + {salt}) * 2654435761 % 4294967291 DIV 7)"
    return f"({scattered} * {scattered} % 4294967291 % {rows})"


def _transactions(dialect: Dialect, volume: Volume) -> Mapping[str, str]:
    seconds = spread_over(SPAN, volume.transactions, volume)
    moment = dialect.moment(seconds)
    percent = drawn(100, 5)
    status = f"CASE WHEN {percent} < 5 THEN 'FAILED' WHEN {percent} < 25 THEN 'PENDING' ELSE 'SUCCESS' END"
    return {
        "id": "n",
        "order_id": dialect.uuid(seconds, "n"),
        "user_id": f"1 + {drawn(volume.users)}",
        "amount": f"(100 + {drawn(99900, 7)}) / 100.0",
        "status": status,
        "entered_as": status,
        "timestamp": moment,
        "kind": "'ORDER'",
        "recorded_at": moment,
        "updated_at": moment,
        "told_offset": "n DIV 3",
        "told_at": moment,
    }


def _hourly_totals(dialect: Dialect, volume: Volume) -> Mapping[str, str]:
    hours = -(-volume.hourly_totals // volume.users)
    first = volume.newest_hour // HOUR - (hours - 1) * BETWEEN_HOURS
    cents = drawn(1_000_000, 3)
    return {
        "user_id": f"1 + (n - 1) % {volume.users}",
        "hour": f"{first} + (n - 1) DIV {volume.users} * {BETWEEN_HOURS}",
        "total_cents": cents,
        "transaction_count": "1 + n % 5",
        "settled_cents": cents,
        "failed_cents": "0",
        "refunded_cents": "0",
    }


def _alerts(dialect: Dialect, volume: Volume) -> Mapping[str, str]:
    seconds = spread_over(SPAN, volume.alerts, volume)
    moment = dialect.moment(seconds)
    return {
        "id": "n",
        "order_id": dialect.uuid(seconds, "1000000000 + n"),
        "user_id": f"1 + {drawn(volume.users)}",
        "amount": f"10000000 + {drawn(1_000_000, 11)}",
        "timestamp": moment,
        "rule": "'amount-above-limit'",
        "status": _status_of_alert("n"),
        "assignee_id": f"CASE WHEN {_status_of_alert('n')} = 'OPEN' THEN NULL ELSE {volume.investigator} END",
        "raised_at": moment,
        "updated_at": moment,
    }


def _status_of_alert(number: str) -> str:
    """Of a hundred, seventy are closed."""
    percent = f"({number} * 37 % 100)"
    return (
        f"CASE WHEN {percent} < 20 THEN 'OPEN' WHEN {percent} < 30 THEN 'INVESTIGATING' "
        f"WHEN {percent} < 60 THEN 'DISMISSED' ELSE 'CONFIRMED' END"
    )


def _alert_entries(dialect: Dialect, volume: Volume) -> Mapping[str, str]:
    """Two of each alert: that it was raised, and where it went within the hours after."""
    alert = "((n + 1) DIV 2)"
    raised = spread_over(SPAN, volume.alerts, volume).replace("- n)", f"- {alert})")
    is_first = "n % 2 = 1"
    return {
        "id": "n",
        "alert_id": alert,
        "at": dialect.moment(f"{raised} + CASE WHEN {is_first} THEN 0 ELSE {drawn(DAY, 13)} END"),
        "by_id": f"CASE WHEN {is_first} THEN NULL ELSE {volume.investigator} END",
        "previous_status": f"CASE WHEN {is_first} THEN '' ELSE 'OPEN' END",
        "status": f"CASE WHEN {is_first} THEN 'OPEN' ELSE {_status_of_alert(alert)} END",
        "assignee_id": f"CASE WHEN {is_first} THEN NULL ELSE {volume.investigator} END",
        "note": "''",
    }


def _notifications(dialect: Dialect, volume: Volume) -> Mapping[str, str]:
    """Nine of ten to customers; the tenth to the investigator, of whose every other one is unread.

    A few are older than they are kept.
    """
    kept = spread_over(NOTIFIED_FOR, volume.notifications, volume)
    seconds = f"CASE WHEN n <= {OVERDUE} THEN {volume.second - 200 * DAY} + n ELSE {kept} END"
    is_alert = "n % 10 = 0"
    moment = dialect.moment(seconds)
    return {
        "id": "n",
        "recipient": f"CASE WHEN {is_alert} THEN 'account:{volume.investigator}' "
        f"ELSE 'customer:' || (1 + {drawn(volume.users)}) END",
        "kind": f"CASE WHEN {is_alert} THEN 'FRAUD_ALERT' ELSE 'ORDER_CREATED' END",
        "order_id": dialect.uuid(kept, "2000000000 + n"),
        "alert": "''",
        "text": "'We have your order of 19.99, and tell you as soon as it is paid.'",
        "created_at": moment,
        "read_at": f"CASE WHEN n % 20 < 10 THEN NULL ELSE {moment} END",
        "email": f"CASE WHEN {is_alert} THEN 'investigator@shop.example' ELSE '' END",
        "emailed_at": f"CASE WHEN {is_alert} THEN {moment} ELSE NULL END",
        "email_due_at": "NULL",
        "email_tries": "0",
        "email_error": "''",
    }


def _outbox(dialect: Dialect, volume: Volume) -> Mapping[str, str]:
    """Of a day, as Debezium leaves it; a few are older than they are kept."""
    kept = spread_over(DAY - HOUR, volume.outbox, volume)
    return {
        "id": "n",
        "topic": "'transactions'",
        "message_key": f"'' || (1 + {drawn(volume.users)})",
        "payload": f"X'{volume.payload}'",
        "traceparent": "NULL",
        "created_at": dialect.moment(f"CASE WHEN n <= {OVERDUE} THEN {volume.second - 2 * DAY} ELSE {kept} END"),
    }


def _keys(dialect: Dialect, volume: Volume) -> Mapping[str, str]:
    """Of two days; a few are older than they are kept."""
    kept = spread_over(2 * DAY - HOUR, volume.keys, volume)
    return {
        "id": "n",
        "account_id": str(volume.shop),
        "key": dialect.uuid(kept, "3000000000 + n"),
        "fingerprint": f"{dialect.hexadecimal(drawn(10**9), 12)} || '{'0' * 52}'",
        "status": "201",
        "headers": "'{}'",
        "body": f"X'{volume.payload * 4}'",
        "created_at": dialect.moment(f"CASE WHEN n <= {OVERDUE} THEN {volume.second - 4 * DAY} ELSE {kept} END"),
    }


def _audit_lines(dialect: Dialect, volume: Volume) -> Mapping[str, str]:
    """Three of four are about one user's order, the others about lists."""
    seconds = spread_over(SPAN, volume.audit_lines, volume)
    is_list = "n % 4 = 0"
    return {
        "id": "n",
        "at": dialect.moment(seconds),
        "account_id": str(volume.investigator),
        "role": "'investigator'",
        "address": "'192.0.2.1'",
        "request_id": dialect.uuid(seconds, "3000000000 + n"),
        "route": f"CASE WHEN {is_list} THEN 'transactions' ELSE 'transaction' END",
        "method": "'GET'",
        "format": "'json'",
        "status": "200",
        "user_id": f"CASE WHEN {is_list} THEN NULL ELSE 1 + {drawn(volume.users)} END",
        "order_id": f"CASE WHEN {is_list} THEN '' ELSE {dialect.uuid(seconds, '1000000000 + n')} END",
        "object_id": "''",
        "asked": "''",
        "shown": f"CASE WHEN {is_list} THEN 100 ELSE 1 END",
    }


TABLES = (
    Table("transactions", "transactions.Transaction", lambda volume: volume.transactions, _transactions),
    Table("analytics_hourlytotal", "analytics.HourlyTotal", lambda volume: volume.hourly_totals, _hourly_totals),
    Table("fraud_fraudalert", "fraud.FraudAlert", lambda volume: volume.alerts, _alerts),
    Table("fraud_alertentry", "fraud.AlertEntry", lambda volume: 2 * volume.alerts, _alert_entries),
    Table(
        "notifications_notification", "notifications.Notification", lambda volume: volume.notifications, _notifications
    ),
    Table("outbox", "streaming.OutboxMessage", lambda volume: volume.outbox, _outbox),
    Table("api_idempotencykey", "api.IdempotencyKey", lambda volume: volume.keys, _keys),
    Table("audit_log", "audit.AuditLine", lambda volume: volume.audit_lines, _audit_lines),
)
DERIVED = ("analytics.migrations.0004_fill_shop_hours", "fraud.migrations.0003_fill_figures")
"""Migrations whose `add_up` makes what is kept of these tables."""
