from monitoring.health import Overall, Part, Status, overall


def part(*, needed: bool, up: bool) -> Part:
    return Part("kafka", needed, 1.0, "" if up else "It does not answer.")


def test_all_parts_up_is_up() -> None:
    assert overall([part(needed=True, up=True), part(needed=False, up=True)]) is Overall.UP


def test_a_needed_part_down_is_down() -> None:
    assert overall([part(needed=True, up=False), part(needed=False, up=False)]) is Overall.DOWN


def test_any_other_part_down_is_degraded() -> None:
    assert overall([part(needed=True, up=True), part(needed=False, up=False)]) is Overall.DEGRADED


def test_a_part_is_down_if_something_is_wrong_with_it() -> None:
    assert part(needed=True, up=True).status is Status.UP
    assert part(needed=True, up=False).status is Status.DOWN
