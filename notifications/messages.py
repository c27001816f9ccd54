"""Who is notified of what about an event. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from events import (
    AlertChange,
    ChangedStatus,
    Correction,
    FraudAlert,
    Status,
    Transaction,
    TransactionCorrected,
    TransactionStatusChanged,
)
from events.money import cents_in_words

MAX_TEXT = 1000


class Kind(StrEnum):
    ORDER_CREATED = "ORDER_CREATED"
    ORDER_PAID = "ORDER_PAID"
    ORDER_FAILED = "ORDER_FAILED"
    ORDER_REFUNDED = "ORDER_REFUNDED"
    ORDER_REVERSED = "ORDER_REVERSED"
    FRAUD_ALERT = "FRAUD_ALERT"
    ALERT_FIRING = "ALERT_FIRING"
    ALERT_RESOLVED = "ALERT_RESOLVED"
    ALERTS_SILENT = "ALERTS_SILENT"


class Audience(StrEnum):
    INVESTIGATORS = "investigators"
    OPERATORS = "operators"


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to notify of: a customer, by the shop's user id, or everybody of a calling.

    It is sent once for its kind, order and alert; one that is about no order has an empty `order_id`.
    """

    to: int | Audience
    kind: Kind
    text: str
    order_id: str = ""
    alert: str = ""


def message_about(
    event: Transaction | TransactionStatusChanged | TransactionCorrected | FraudAlert,
) -> Message | None:
    """The message about an event, if there is one.

    A correction says what counts after all. That something sent before does not, message_reversing() says.

    A refund is announced when its own transaction comes, whichever door it came by; so the change of its order to
    REFUNDED says nothing more.
    """
    if isinstance(event, FraudAlert):
        return _about_alert(event)
    if isinstance(event, TransactionCorrected):
        return message_about(event.telling) if event.correction == Correction.COUNTED else None
    kind = _about_order(event) if isinstance(event, Transaction) else _about_change(event)
    return _message(event, kind) if kind else None


def message_reversing(event: TransactionCorrected) -> tuple[Message, Message] | None:
    """The message that may have been sent of something that does not count, and the one for whoever got it."""
    sent = _about_order(event.telling)
    if event.correction == Correction.COUNTED or sent is None:
        return None
    return _message(event, sent), _message(event, Kind.ORDER_REVERSED)


def _message(event: Transaction | TransactionStatusChanged | TransactionCorrected, kind: Kind) -> Message:
    return Message(event.user_id, kind, text_about(kind, event.order_id, event.cents), event.order_id)


def text_about(kind: Kind, order_id: str, cents: int) -> str:
    """What a customer reads of an order."""
    return TEXTS[kind].format(order_id, _money(cents))


TEXTS = {
    Kind.ORDER_CREATED: "We have your order {0} of {1}.",
    Kind.ORDER_PAID: "Your order {0} of {1} is paid.",
    Kind.ORDER_FAILED: "The payment of your order {0} of {1} failed.",
    Kind.ORDER_REFUNDED: "You get {1} back ({0}).",
    Kind.ORDER_REVERSED: "What we told you of {1} for order {0} was a mistake, and does not count.",
}


def _about_order(event: Transaction) -> Kind | None:
    return kind_about(Status(event.status), is_refund=event.cents < 0)


def kind_about(status: Status, *, is_refund: bool) -> Kind | None:
    """Of the message about an order, or a refund, that came with this status; None: there is none."""
    if is_refund:
        # Nobody was promised a refund that came as one that had failed already.
        return None if status == Status.FAILED else Kind.ORDER_REFUNDED
    return {Status.PENDING: Kind.ORDER_CREATED, Status.SUCCESS: Kind.ORDER_PAID, Status.FAILED: Kind.ORDER_FAILED}[
        status
    ]


def _about_change(event: TransactionStatusChanged) -> Kind | None:
    if event.cents < 0:
        # A refund was announced when it came.
        return Kind.ORDER_REVERSED if event.status == ChangedStatus.FAILED else None
    return {ChangedStatus.SUCCESS: Kind.ORDER_PAID, ChangedStatus.FAILED: Kind.ORDER_FAILED}.get(
        ChangedStatus(event.status)
    )


def _about_alert(event: FraudAlert) -> Message | None:
    if event.change != AlertChange.RAISED:
        return None
    text = f"Suspicion of fraud ({event.rule}): order {event.order_id} of user {event.user_id}, {_money(event.cents)}."
    return Message(Audience.INVESTIGATORS, Kind.FRAUD_ALERT, text, event.order_id)


def _money(cents: int) -> str:
    return cents_in_words(abs(cents))
