"""The row version and the bulk version of survivorship decide alike."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from random import Random
from unicodedata import category

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.bulk.survive import survive
from apps.engine.survive import Member, PinnedValue, Strategy, SurvivorshipPolicy, load_company_policy, merge_members

ATTRIBUTES = ("name", "street", "city", "country", "phone", "vat")
FIELDS = (*ATTRIBUTES, "vat.check")
START = datetime(2026, 1, 1, tzinfo=UTC)

# Few distinct texts, so that ties, agreement and near-equal spellings are common.
texts = st.sampled_from(
    ["", " ", "\u00a0", "\u200b", "Acme", "ACME", " Acme ", "Acme  Ltd", "Straße", "STRASSE", "é", "e\u0301", "𝔸", "Z"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
checks = st.sampled_from(["", "verified", "plausible", "wrong", "odd"])
instants = st.none() | st.integers(0, 3).map(lambda days: START + timedelta(days=days, microseconds=1))
orders = st.lists(st.sampled_from(Strategy), min_size=1, max_size=5, unique=True).map(tuple)
policies = st.builds(
    SurvivorshipPolicy,
    default=orders,
    attributes=st.dictionaries(st.sampled_from(["name", "street", "phone", "vat"]), orders),
    follow=st.sampled_from(
        [{}, {"street": ("city", "country")}, {"street": ("country", "zip", "city")}, {"absent": ("city", "street")}]
    ),
)
rows = st.fixed_dictionaries(
    {
        "cluster": st.integers(-2, 3),
        "source": st.sampled_from(["crm", "erp", "ä", "Ａ", "𝔸"]),
        "source_key": st.sampled_from(["1", "2", "10", "ä", "Ａ", "𝔸"]),
        "trust": st.integers(-1, 2),
        "modified_at": instants,
        "given": st.dictionaries(st.sampled_from(ATTRIBUTES), texts).flatmap(
            lambda values: checks.map(lambda check: values | {"vat.check": check})
        ),
    }
)


def frame(members: Sequence[tuple[int, Member]]) -> pa.Table:
    """Lay out members as the bulk version takes them; an absent attribute is null."""
    return pa.table(
        {
            "record": pa.array([member.record for _, member in members], pa.int64()),
            "cluster": pa.array([cluster for cluster, _ in members], pa.int64()),
            "source": pa.array([member.source for _, member in members], pa.string()),
            "source_key": pa.array([member.source_key for _, member in members], pa.string()),
            "trust": pa.array([member.trust for _, member in members], pa.int32()),
            "modified_at": pa.array([member.modified_at for _, member in members], pa.timestamp("us", "UTC")),
        }
        | {name: pa.array([member.given.get(name) for _, member in members], pa.string()) for name in FIELDS}
    )


Pins = Mapping[tuple[int, str], str]


def pin_frame(pins: Pins) -> pa.Table:
    """Lay out pins as the bulk version takes them, numbered from 1."""
    return pa.table(
        {
            "cluster": pa.array([cluster for cluster, _ in pins], pa.int64()),
            "attribute": pa.array([name for _, name in pins], pa.string()),
            "value": pa.array(pins.values(), pa.string()),
            "pin": pa.array(range(1, len(pins) + 1), pa.int64()),
        }
    )


def row_decisions(
    members: Sequence[tuple[int, Member]], policy: SurvivorshipPolicy, pins: Pins | None = None
) -> list[dict[str, object]]:
    ordered = sorted(members, key=lambda pair: pair[0])
    present = {cluster for cluster, _ in members}
    pinned = [(c, PinnedValue(n, text, i)) for i, ((c, n), text) in enumerate((pins or {}).items(), 1) if c in present]
    names = {pin.attribute for _, pin in pinned}
    decisions = []
    for cluster, pairs in groupby(ordered, key=lambda pair: pair[0]):
        own = [pin for place, pin in pinned if place == cluster]
        party = merge_members([member for _, member in pairs], policy, own)
        decision: dict[str, object] = {"cluster": cluster}
        for name in [*ATTRIBUTES, *sorted(names - set(ATTRIBUTES))]:
            golden = party.values.get(name)
            decision[name] = None if golden is None else golden.value
            decision[f"{name}.record"] = golden and golden.record
            decision[f"{name}.rule"] = golden and golden.rule.value
            if name in names:
                decision[f"{name}.pin"] = golden and golden.pin
        decisions.append(decision)
    return decisions


def as_members(listed: Sequence[Mapping[str, object]]) -> list[tuple[int, Member]]:
    members = []
    for record, row in enumerate(listed):
        fields = {name: value for name, value in row.items() if name != "cluster"}
        members.append((row["cluster"], Member(record=record * 7 % 31, **fields)))  # type: ignore[arg-type]
    return members  # type: ignore[return-value]


@settings(max_examples=200, deadline=None)
@given(st.lists(rows, max_size=14), policies)
def test_bulk_survivorship_equals_the_row_version(listed: list[dict[str, object]], policy: SurvivorshipPolicy) -> None:
    members = as_members(listed)
    assert survive(frame(members), policy).to_pylist() == row_decisions(members, policy)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(rows, max_size=14),
    policies,
    st.dictionaries(st.tuples(st.integers(-2, 3), st.sampled_from([*ATTRIBUTES, "zip"])), texts, max_size=8),
)
def test_bulk_survivorship_with_pins_equals_the_row_version(
    listed: list[dict[str, object]], policy: SurvivorshipPolicy, pins: Pins
) -> None:
    members = as_members(listed)
    assert survive(frame(members), policy, pin_frame(pins)).to_pylist() == row_decisions(members, policy, pins)


def test_an_attribute_pinned_twice_in_a_customer_is_refused() -> None:
    pins = pin_frame({(1, "name"): "Acme"})
    with pytest.raises(ValueError, match="name is pinned twice in cluster 1"):
        survive(frame([(1, Member(1, "crm", "1", 1, None, {}))]), SurvivorshipPolicy(), pa.concat_tables([pins, pins]))


def random_members(count: int, seed: int) -> list[tuple[int, Member]]:
    random = Random(seed)
    members = []
    for record in range(count):
        given_values = {
            name: f"{name} {random.randrange(3)}" + "x" * random.randrange(3)
            for name in ATTRIBUTES
            if random.random() < 0.7
        }
        modified_at = START + timedelta(days=random.randrange(4)) if random.random() < 0.8 else None
        source = random.choice(["crm", "erp", "billing"])
        member = Member(record, source, str(random.randrange(count)), random.randrange(3), modified_at, given_values)
        members.append((random.randrange(count // 3), member))
    return members


def test_bulk_survivorship_equals_the_row_version_under_the_company_policy() -> None:
    members = random_members(3_000, seed=20)
    policy = load_company_policy()
    assert survive(frame(members), policy).to_pylist() == row_decisions(members, policy)


def test_bulk_survivorship_does_not_depend_on_row_order_chunks_or_encoding() -> None:
    members = random_members(600, seed=21)
    policy = load_company_policy()
    expected = survive(frame(members), policy)
    Random(22).shuffle(members)
    shuffled = frame(members)
    chunked = pa.concat_tables([shuffled.slice(0, 100), shuffled.slice(100, 1), shuffled.slice(101)])
    encoded = chunked.set_column(
        chunked.column_names.index("name"), "name", chunked["name"].dictionary_encode()
    ).set_column(chunked.column_names.index("city"), "city", chunked["city"].cast(pa.large_string()))
    assert survive(chunked, policy).equals(expected)
    assert survive(encoded, policy).equals(expected)


def test_both_versions_trim_the_same_blanks() -> None:
    spaces = [chr(code) for code in range(0x110000) if category(chr(code)) in {"Cc", "Cf", "Zl", "Zp", "Zs"}]
    given_values = [{"name": space, "city": f"{space}x{space}"} for space in spaces]
    members = [(i, Member(i, "crm", str(i), 1, None, values)) for i, values in enumerate(given_values)]
    bulk = survive(frame(members), SurvivorshipPolicy())
    assert bulk.to_pylist() == row_decisions(members, SurvivorshipPolicy())
    names = dict(zip(spaces, bulk["name"].to_pylist(), strict=True))
    assert names["\u00a0"] is names["\u3000"] is names["\u200b"] is names["\x00"] is None
    assert names["\u200f"] == "\u200f"


def test_no_members_give_an_empty_table_with_all_columns() -> None:
    empty = survive(frame([]), load_company_policy())
    assert empty.num_rows == 0
    assert empty.column_names == ["cluster", *(f"{a}{s}" for a in ATTRIBUTES for s in ("", ".record", ".rule"))]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop_columns(["trust", "cluster"]), "lack the columns cluster, trust"),
        (lambda table: pa.concat_tables([table, table]), "a record occurs twice"),
        (lambda table: table.append_column("staff", pa.array([1] * len(table))), "staff is int64"),
        (
            lambda table: table.set_column(1, "cluster", pa.nulls(len(table), pa.int64())),
            "nulls in cluster",
        ),
    ],
)
def test_an_unusable_frame_is_refused_by_name(change: object, message: str) -> None:
    table = frame(random_members(5, seed=1))
    with pytest.raises(ValueError, match=message):
        survive(change(table), SurvivorshipPolicy())  # type: ignore[operator]
