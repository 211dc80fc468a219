"""A customer as of a moment: its values with where they came from, and what its source records said, to read only."""

from dataclasses import dataclass, replace
from datetime import datetime

from apps.golden import selectors as golden
from apps.sources import selectors as sources
from apps.stewardship.screens.customer import (
    MOST_MEMBERS,
    Field,
    Grid,
    Head,
    build_grid,
    build_summary,
    count_sources,
)


@dataclass(frozen=True, slots=True)
class Past:
    """A customer as it was at a moment; `state` is None where it was not there yet, and all else is then empty."""

    at: datetime
    state: golden.PastState | None
    head: Head
    given: dict[int, sources.Given]

    @property
    def moment(self) -> str:
        """The instant as an address carries it."""
        return self.at.isoformat()

    def build_groups(self) -> list[tuple[str, list[Field]]]:
        """Return its values by group, each with the record it came from. At most one query."""
        return build_summary(self.head, self.given, ())

    def build_grid(self) -> Grid:
        """Return its source records beside each other. No query."""
        return build_grid(self.head, self.given)


def build_past(head: Head, at: datetime) -> Past:
    """Return the customer under `head` as it was at a moment. At most nine queries."""
    gid = head.customer.gid
    state = golden.list_states_at(gid, [at])[0]
    members = tuple(golden.list_members_at(gid, at, limit=MOST_MEMBERS)) if state else ()
    given = sources.list_given_at([member.record_id for member in members], at)
    return Past(at, state, _head_then(head, state, members), given)


def _head_then(head: Head, state: golden.PastState | None, members: tuple[golden.Member, ...]) -> Head:
    if state is None:
        return replace(head, customer=replace(head.customer, values=()), members=(), sources=(), open_cases=())
    said = {value.attribute: value.value for value in state.values}
    customer = replace(
        head.customer,
        state=state.state,
        values=state.values,
        name=said.get("name", ""),
        city=said.get("city", ""),
        country=said.get("country", ""),
        member_count=state.member_count,
        version=state.version,
        changed_at=state.since,
    )
    place = ", ".join(text for text in (customer.city, customer.country) if text)
    return Head(customer, members, count_sources(members), (), place)
