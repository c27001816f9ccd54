"""To whom a record is addressed that is sent through again, and the proof that it was buried by those.

An address hides a record from all other consumer groups, so only `redrive` may write one: it signs the address together
with what it belongs to. Any other address is ignored, and the record is for everyone.
"""

from collections.abc import Iterable
from hashlib import sha256

from confluent_kafka import Message
from django.core.signing import BadSignature, Signer

from streaming import message_fields

GROUPS = "redrive.groups"
PROOF = "redrive.proof"
NAMES = frozenset({GROUPS, PROOF})
SALT = "streaming.addresses"


def address(topic: str, key: bytes | None, value: bytes | None, groups: Iterable[str]) -> list[tuple[str, bytes]]:
    """The headers that address a record to some consumer groups."""
    names = ",".join(sorted(groups))
    signature = Signer(salt=SALT).signature(_signed(topic, key, value, names))
    return [(GROUPS, names.encode()), (PROOF, signature.encode())]


def addressees(message: Message) -> frozenset[str] | None:
    """The groups that a message is addressed to; None: it is for everyone."""
    if not (headers := message_fields.headers(message)):
        return None
    found = dict(headers)
    if (groups := found.get(GROUPS)) is None or (proof := found.get(PROOF)) is None:
        return None
    try:
        names = groups.decode()
        signed = _signed(str(message.topic()), message_fields.key(message), message_fields.value(message), names)
        Signer(salt=SALT).unsign(f"{signed}:{proof.decode()}")
    except (UnicodeDecodeError, BadSignature):
        return None
    return frozenset(names.split(","))


def concerns(group: str, message: Message) -> bool:
    """Whether a message is for this group: all are, but for those sent through again for others."""
    groups = addressees(message)
    return groups is None or group in groups


def _signed(topic: str, key: bytes | None, value: bytes | None, groups: str) -> str:
    return " ".join((topic, _digest(key), _digest(value), groups))


def _digest(content: bytes | None) -> str:
    return "none" if content is None else sha256(content).hexdigest()
