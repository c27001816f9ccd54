import pytest

from transactions.refund_rules import new_refund_id, with_their_refunds


@pytest.mark.parametrize("order_id", ["a", "refund-a", "x" * 44, "y" * 64])
def test_an_order_and_its_refunds_belong_together(order_id: str) -> None:
    refunds = [new_refund_id(order_id) for _ in range(3)]
    others = [new_refund_id("b"), "n-1"]
    families = with_their_refunds(["c", order_id], [others[0], *refunds, others[1]])
    assert families == [["c"], [order_id, *refunds], [others[0]], ["n-1"]]


def test_the_refund_of_when_an_order_had_one_belongs_to_it() -> None:
    assert with_their_refunds(["a"], ["refund-a"]) == [["a", "refund-a"]]
