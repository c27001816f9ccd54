import pytest

from events import AlertStatus as Status
from fraud.cases import Case, next_holder, why_not

ALLOWED = {
    (Status.OPEN, Status.INVESTIGATING),
    (Status.OPEN, Status.CONFIRMED),
    (Status.OPEN, Status.DISMISSED),
    (Status.INVESTIGATING, Status.CONFIRMED),
    (Status.INVESTIGATING, Status.DISMISSED),
    (Status.CONFIRMED, Status.INVESTIGATING),
    (Status.DISMISSED, Status.INVESTIGATING),
}
CHANGES = [(one, other) for one in Status for other in Status if one != other]


@pytest.mark.parametrize(("status", "wanted"), CHANGES)
def test_an_investigation_moves_only_along_its_path(status: Status, wanted: Status) -> None:
    reason = why_not(Case(status, None), wanted, "amelia", by="amelia", note="seen")
    assert (reason is None) == ((status, wanted) in ALLOWED)


@pytest.mark.parametrize(("status", "wanted"), sorted(ALLOWED))
def test_closing_and_reopening_need_a_note_and_beginning_does_not(status: Status, wanted: Status) -> None:
    reason = why_not(Case(status, None), wanted, "amelia", by="amelia", note="")
    assert (reason is None) == ((status, wanted) == (Status.OPEN, Status.INVESTIGATING))


def test_a_refusal_says_what_is_possible() -> None:
    reason = why_not(Case(Status.DISMISSED, None), Status.CONFIRMED, None, by="amelia", note="seen")
    assert reason == "DISMISSED cannot become CONFIRMED, only INVESTIGATING."


def test_nobody_moves_what_another_has() -> None:
    amelias = Case(Status.INVESTIGATING, "amelia")
    assert "amelia has this alert" in str(why_not(amelias, Status.DISMISSED, "amelia", by="bela", note="harmless"))


def test_two_who_take_at_once_are_told_apart() -> None:
    taken = Case(Status.INVESTIGATING, "amelia")
    assert "amelia has this alert" in str(why_not(taken, Status.INVESTIGATING, "bela", by="bela", note=""))
    assert "amelia has this alert" in str(why_not(taken, Status.INVESTIGATING, "amelia", by="bela", note=""))


def test_taking_over_needs_a_note() -> None:
    amelias = Case(Status.INVESTIGATING, "amelia")
    assert why_not(amelias, None, "bela", by="bela", note="")
    assert why_not(amelias, None, None, by="bela", note="")
    assert why_not(amelias, None, "bela", by="bela", note="amelia is on leave") is None
    assert why_not(amelias, Status.CONFIRMED, "bela", by="bela", note="amelia is on leave; stolen card") is None


def test_a_holder_hands_over_without_a_word() -> None:
    assert why_not(Case(Status.INVESTIGATING, "amelia"), None, "bela", by="amelia", note="") is None


def test_anyone_may_add_a_note() -> None:
    assert (
        why_not(Case(Status.INVESTIGATING, "amelia"), None, "amelia", by="bela", note="the same card as order-2")
        is None
    )


def test_who_moves_an_alert_that_nobody_has_gets_it() -> None:
    assert next_holder(Case(Status.OPEN, None), Status.INVESTIGATING, "amelia") == "amelia"
    assert next_holder(Case(Status.OPEN, None), Status.DISMISSED, "amelia") == "amelia"


def test_who_reopens_an_alert_gets_it() -> None:
    assert next_holder(Case(Status.DISMISSED, "amelia"), Status.INVESTIGATING, "bela") == "bela"


def test_an_alert_stays_with_its_holder_otherwise() -> None:
    assert next_holder(Case(Status.INVESTIGATING, "amelia"), Status.DISMISSED, "bela") == "amelia"
    assert next_holder(Case(Status.OPEN, None), None, "amelia") is None
