"""Where pins hold: a function of the pins and of who belongs together, and of nothing else."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from apps.engine.survive import Pin, PinState, hand_over, holding_pins, pinned_values, settle_pins

ORDER = {record: record for record in range(10)}


def pin(number: int, *records: int, attribute: str = "name", watched: tuple[int, str] | None = None) -> Pin:
    return Pin(number, attribute, f"value {number}", records, watched)


def states(pins: list[Pin], cluster_of: Mapping[int, str]) -> dict[int, tuple[str, str, int | None]]:
    settled = settle_pins(pins, cluster_of, ORDER, {})
    return {row.pin.pin: (row.cluster, row.state.value, row.overruled_by) for row in settled}


def test_a_pin_stays_with_most_of_its_records() -> None:
    assert states([pin(1, 1, 2, 3)], {1: "b", 2: "a", 3: "a"}) == {1: ("a", "holds", None)}


def test_between_equals_it_goes_with_the_first_record_in_order() -> None:
    assert states([pin(1, 4, 2)], {2: "two", 4: "four"}) == {1: ("two", "holds", None)}


def test_a_pin_whose_records_are_all_gone_has_no_customer() -> None:
    assert states([pin(1, 7, 8)], {1: "a"}) == {}


def test_of_two_pins_that_of_more_records_holds_and_names_itself_to_the_other() -> None:
    together = dict.fromkeys((1, 2, 3), "a")
    for pins in ([pin(1, 1), pin(2, 2, 3)], [pin(2, 2, 3), pin(1, 1)]):
        assert states(pins, together) == {1: ("a", "overruled", 2), 2: ("a", "holds", None)}


def test_of_two_pins_of_equally_many_records_the_first_in_order_holds() -> None:
    assert states([pin(1, 2), pin(2, 1)], dict.fromkeys((1, 2), "a")) == {
        1: ("a", "overruled", 2),
        2: ("a", "holds", None),
    }


def test_pins_of_two_attributes_leave_each_other_alone() -> None:
    settled = settle_pins([pin(1, 1), pin(2, 1, attribute="city")], {1: "a"}, ORDER, {})
    held = holding_pins(settled)["a"]
    assert [(value.attribute, value.pin) for value in pinned_values(held)] == [("name", 1), ("city", 2)]


def test_a_watched_record_that_says_something_else_makes_the_pin_lapse_until_it_says_the_same() -> None:
    watching = pin(1, 1, watched=(1, "Acme"))
    for said, state in (("Acme", PinState.HOLDS), (" Acme ", PinState.HOLDS), ("Acme AG", PinState.LAPSED)):
        assert [row.state for row in settle_pins([watching], {1: "a"}, ORDER, {(1, "name"): said})] == [state]
    assert settle_pins([watching], {1: "a"}, ORDER, {})[0].state is PinState.LAPSED


def test_a_lapsed_pin_overrules_nobody() -> None:
    pins = [pin(1, 1, 2, watched=(1, "Acme")), pin(2, 2)]
    settled = settle_pins(pins, dict.fromkeys((1, 2), "a"), ORDER, {})
    assert [row.state for row in settled] == [PinState.LAPSED, PinState.HOLDS]


def test_pins_of_records_that_are_gone_are_handed_to_those_that_were_with_them() -> None:
    before = {1: "a", 2: "a", 3: "a", 4: "b"}
    alive = {2: "x", 3: "y", 4: "z"}
    handed = hand_over([pin(1, 1), pin(2, 1, 2), pin(3, 9)], before, alive, ORDER)
    assert [(moved.pin, moved.records) for moved in handed] == [(1, (2, 3))]


def test_a_pin_of_a_customer_without_records_left_waits_for_them() -> None:
    assert hand_over([pin(1, 1)], {1: "a"}, {}, ORDER) == []


places = st.dictionaries(st.integers(0, 7), st.sampled_from("abc"), max_size=8)
hung = st.lists(
    st.builds(
        lambda number, records, attribute: pin(number, *records, attribute=attribute),
        st.integers(1, 99), st.sets(st.integers(0, 7), min_size=1).map(sorted), st.sampled_from(["name", "city"]),
    ),
    max_size=6, unique_by=lambda row: row.pin,
)  # fmt: skip


@given(hung, places, st.randoms(use_true_random=False))
def test_neither_order_nor_names_of_customers_decide_what_holds(
    pins: list[Pin], cluster_of: dict[int, str], random: object
) -> None:
    expected = settle_pins(pins, cluster_of, ORDER, {})
    shuffled = list(pins)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert settle_pins(shuffled, dict(reversed(cluster_of.items())), ORDER, {}) == expected
    renamed = {record: {"a": "z", "b": "y", "c": "x"}[name] for record, name in cluster_of.items()}
    again = settle_pins(pins, renamed, ORDER, {})
    assert [(row.pin.pin, row.state, row.overruled_by) for row in again] == [
        (row.pin.pin, row.state, row.overruled_by) for row in expected
    ]


@given(hung, places)
def test_each_customer_has_one_holding_pin_per_attribute(pins: list[Pin], cluster_of: dict[int, str]) -> None:
    for held in holding_pins(settle_pins(pins, cluster_of, ORDER, {})).values():
        names = [row.attribute for row in held]
        assert len(names) == len(set(names))
