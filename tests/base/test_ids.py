import re
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.base import ids

SHAPE = re.compile(r"(GC|LE|CC)-[0-9A-HJKMNP-TV-Z]{12}-[0-9A-HJKMNP-TV-Z]")

bodies = st.integers(min_value=0, max_value=2**60 - 1).filter(lambda value: value % 37 < 32)


def spelled(value: int, prefix: str = "GC") -> str:
    """Spell a number as Crockford's page does, by repeated division: not the way the module does it."""
    digits = ""
    rest = value
    for _ in range(12):
        rest, digit = divmod(rest, 32)
        digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[digit] + digits
    return f"{prefix}-{digits}-{'0123456789ABCDEFGHJKMNPQRSTVWXYZ'[value % 37]}"


@pytest.mark.parametrize("prefix", ["GC", "LE", "CC"])
def test_minted_ids_have_the_promised_shape_and_pass_their_own_check(prefix: str) -> None:
    minted = ids.mint(prefix, 2_000)
    assert len(minted) == len(set(minted)) == 2_000
    for text in minted:
        assert SHAPE.fullmatch(text)
        assert text.startswith(f"{prefix}-")
        assert ids.check(text, prefix) == text


def test_a_million_ids_are_minted_in_seconds_and_none_twice() -> None:
    started = time.perf_counter()
    minted = ids.mint(count=1_000_000)
    # 2 s is the budget on an idle core; the suite shares its cores.
    assert time.perf_counter() - started < 8
    assert len(set(minted)) == 1_000_000


def test_every_position_of_minted_ids_uses_the_whole_alphabet_evenly() -> None:
    minted = ids.mint(count=64_000)
    for position in [*range(3, 15), 16]:
        counts = Counter(text[position] for text in minted)
        assert set(counts) == set(ids.ALPHABET)
        # 2,000 expected each, standard deviation 44: six of them never happen by chance.
        assert all(1_700 < count < 2_300 for count in counts.values())


def test_minting_nothing_gives_nothing() -> None:
    assert ids.mint(count=0) == []
    assert ids.uuid7s(0) == []


def test_minting_refuses_unknown_prefixes_and_negative_counts() -> None:
    with pytest.raises(ValueError, match="'XX'; known: GC, LE, CC"):
        ids.mint("XX")
    with pytest.raises(ValueError, match="-1 ids"):
        ids.mint(count=-1)
    with pytest.raises(ValueError, match="-1 UUIDs"):
        ids.uuid7s(-1)


@given(bodies)
def test_check_accepts_ids_spelled_by_division(value: int) -> None:
    assert ids.check(spelled(value)) == spelled(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "GC-000000000000-0"), (1234, "GC-00000000016J-D"), (2**60 - 1, "GC-ZZZZZZZZZZZZ-9")],
)
def test_known_numbers_keep_their_spelling(value: int, expected: str) -> None:
    assert ids.check(expected) == spelled(value) == expected


@given(bodies)
def test_check_mends_case_misreadings_and_surrounding_space(value: int) -> None:
    canonical = spelled(value, "LE")
    body = canonical[3:].replace("0", "o").replace("1", "l")
    assert ids.check(f"  le-{body.lower()}\n") == canonical
    assert ids.check(f"LE-{canonical[3:].replace('1', 'I')}") == canonical


@given(bodies, st.sampled_from([*range(3, 15), 16]), st.sampled_from(ids.ALPHABET))
def test_no_single_mistyped_character_gives_another_valid_id(value: int, position: int, typed: str) -> None:
    canonical = spelled(value)
    mistyped = canonical[:position] + typed + canonical[position + 1 :]
    if mistyped == canonical:
        assert ids.check(mistyped) == canonical
        return
    with pytest.raises(ids.GovernedIdError) as refusal:
        ids.check(mistyped)
    assert refusal.value.fault is ids.IdFault.CHECK


@given(bodies, st.integers(min_value=0, max_value=11))
def test_no_swap_of_neighbours_gives_another_valid_id(value: int, left: int) -> None:
    plain = spelled(value)[3:].replace("-", "")
    swapped = plain[:left] + plain[left + 1] + plain[left] + plain[left + 2 :]
    text = f"GC-{swapped[:12]}-{swapped[12]}"
    if swapped == plain:
        assert ids.check(text) == text
        return
    with pytest.raises(ids.GovernedIdError):
        ids.check(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ids.IdFault.SHAPE),
        ("GC", ids.IdFault.SHAPE),
        ("GC-00000000000-0", ids.IdFault.SHAPE),
        ("GC-0000000000000-0", ids.IdFault.SHAPE),
        ("GC_000000000000-0", ids.IdFault.SHAPE),
        ("GC-000000000000_0", ids.IdFault.SHAPE),
        ("GC-00000000000\u0131-0", ids.IdFault.SHAPE),
        ("GC-00000000000\uff10-0", ids.IdFault.SHAPE),
        ("GC-000000\u200b000000-0", ids.IdFault.SHAPE),
        ("XX-000000000000-0", ids.IdFault.PREFIX),
        ("1E-000000000000-0", ids.IdFault.PREFIX),
        ("GC-00000000000U-0", ids.IdFault.CHARACTER),
        ("GC-000000000000-*", ids.IdFault.CHARACTER),
        ("GC-000000000000-U", ids.IdFault.CHARACTER),
        ("GC-0000 0000000-0", ids.IdFault.CHARACTER),
        ("GC-00000000\x00000-0", ids.IdFault.CHARACTER),
        ("GC-000000000000-1", ids.IdFault.CHECK),
    ],
)
def test_a_refused_text_names_what_is_wrong_with_it(text: str, code: ids.IdFault) -> None:
    with pytest.raises(ids.GovernedIdError) as refusal:
        ids.check(text)
    assert refusal.value.fault is code
    assert isinstance(refusal.value, ValueError)


@given(st.text())
def test_check_answers_any_text_with_an_id_or_its_own_error(text: str) -> None:
    try:
        answer = ids.check(text)
    except ids.GovernedIdError:
        return
    assert SHAPE.fullmatch(answer)


def test_an_id_of_another_kind_is_refused_by_name() -> None:
    customer = ids.mint()[0]
    with pytest.raises(ids.GovernedIdError, match="names a customer, and an id starting 'LE' is wanted"):
        ids.check(customer, ids.LEGAL_ENTITY)


def test_a_refusal_never_repeats_a_huge_text() -> None:
    with pytest.raises(ids.GovernedIdError) as refusal:
        ids.check("9" * 10_000_000)
    assert len(str(refusal.value)) < 200


def test_a_body_without_a_base32_check_symbol_has_no_check_character() -> None:
    # 32 modulo 37 would be the symbol "*".
    assert ids.check_character("000000000010") is None
    assert ids.check_character("00000000000Z") == "Z"


def test_uuid7s_are_of_version_7_ascending_and_distinct_across_calls() -> None:
    made = [*ids.uuid7s(5_000), ids.uuid7(), ids.uuid7(), *ids.uuid7s(5_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(made_id.version, made_id.variant) for made_id in made} == {(7, "specified in RFC 4122")}


def test_uuid7_carries_the_time_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    # Earlier calls of one process may run ahead of the clock by a 4096th of a millisecond each.
    assert before - 1 <= ids.uuid7().int >> 80 <= time.time_ns() // 1_000_000 + 5


def test_uuid7_order_holds_while_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = ids.uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    assert earlier < ids.uuid7() < ids.uuid7()


def test_the_random_part_of_uuid7_is_spread_over_its_range() -> None:
    lows = [made_id.int & (2**62 - 1) for made_id in ids.uuid7s(4_000)]
    assert lows[0] < 2**62 // 100
    assert lows[-1] > 2**62 // 100 * 99
    assert abs(sum(lows) / len(lows) / 2**62 - 0.5) < 0.05
