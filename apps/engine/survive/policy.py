"""How golden values are chosen, as plain data.

The law of this module: a policy is a total order of claims, so that no attribute is ever left to chance.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

Order: TypeAlias = "tuple[Strategy, ...]"


class Strategy(StrEnum):
    """One way to prefer a claim over another. What it leaves equal goes to the next one in the order."""

    MOST_TRUSTED = "most_trusted"  # from the source with the highest trust
    MOST_RECENT = "most_recent"  # from the record changed last; a record without a date comes after all with one
    MOST_COMPLETE = "most_complete"  # with the most attributes of the block filled, then with the most characters
    MOST_FREQUENT = "most_frequent"  # given by the most records, letter case and spacing aside
    VERIFIED_FIRST = "verified_first"  # whose number passed its own check, then plausible, unchecked, wrong


class PolicyError(ValueError):
    """A survivorship document can't be used; `path` is where in it, the message what to do."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Block:
    """Attributes that always come from one record together, its leading attribute first; mostly just one."""

    attributes: tuple[str, ...]
    order: Order


@dataclass(frozen=True)
class SurvivorshipPolicy:
    """The strategies per attribute, in order, and which attributes follow another.

    `follow` maps a leading attribute to its followers: the record that wins the leader gives the followers too, blank
    ones included, so that an address is never made of two. Records without the leader compete only where none has it;
    then the first follower leads, and so on.
    """

    default: Order = (Strategy.MOST_TRUSTED, Strategy.MOST_RECENT, Strategy.MOST_COMPLETE)
    attributes: Mapping[str, Order] = field(default_factory=dict)
    follow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> "SurvivorshipPolicy":
        """Read a policy from the plain data of a rule set's `survivorship`; whatever is absent keeps its default.

        Keys: `default` (list of strategies), `attributes` (attribute to list of strategies), `follow` (leading
        attribute to list of followers). Raises PolicyError naming the path.
        """
        _refuse_unknown_keys(document)
        policy = cls(
            default=_read_order(document["default"], "default") if "default" in document else cls.default,
            attributes={
                name: _read_order(value, f"attributes.{name}")
                for name, value in _read_table(document, "attributes").items()
            },
            follow={
                leader: _read_texts(value, f"follow.{leader}")
                for leader, value in _read_table(document, "follow").items()
            },
        )
        _refuse_contradictions(policy)
        return policy

    def to_document(self) -> dict[str, object]:
        """Return plain data from which `from_document` makes an equal policy."""
        return {
            "default": [strategy.value for strategy in self.default],
            "attributes": {name: [strategy.value for strategy in order] for name, order in self.attributes.items()},
            "follow": {leader: list(followers) for leader, followers in self.follow.items()},
        }

    def blocks(self, attributes: Iterable[str]) -> tuple[Block, ...]:
        """Return the blocks that decide these attributes, sorted by leader; a block may name absent attributes too."""
        leader_of = {name: leader for leader, followers in self.follow.items() for name in followers}
        leaders = sorted({leader_of.get(name, name) for name in attributes})
        return tuple(
            Block((leader, *self.follow.get(leader, ())), self.attributes.get(leader, self.default))
            for leader in leaders
        )


def load_company_policy() -> SurvivorshipPolicy:
    """Return the policy shipped for company accounts."""
    text = Path(__file__).with_name("company.toml").read_text(encoding="utf-8")
    return SurvivorshipPolicy.from_document(tomllib.loads(text))


def _refuse_unknown_keys(document: Mapping[str, object]) -> None:
    known = ("default", "attributes", "follow")
    for key in document:
        if key not in known:
            raise PolicyError(f"survivorship.{key}", f"unknown key; known: {', '.join(known)}")


def _read_table(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    table = document.get(key, {})
    if not isinstance(table, Mapping) or not all(isinstance(name, str) for name in table):
        raise PolicyError(f"survivorship.{key}", "must be a table by attribute name")
    return table


def _read_texts(value: object, path: str) -> tuple[str, ...]:
    path = f"survivorship.{path}"
    if not isinstance(value, list | tuple) or not value:
        raise PolicyError(path, "must be a list with at least one name")
    for index, name in enumerate(value):
        if not isinstance(name, str):
            raise PolicyError(f"{path}[{index}]", "must be a name")
        if name in value[:index]:
            raise PolicyError(f"{path}[{index}]", f"{name!r} stands in the list twice")
    return tuple(value)


def _read_order(value: object, path: str) -> Order:
    known = {strategy.value: strategy for strategy in Strategy}
    names = _read_texts(value, path)
    for index, name in enumerate(names):
        if name not in known:
            raise PolicyError(f"survivorship.{path}[{index}]", f"unknown strategy {name!r}; known: {', '.join(known)}")
    return tuple(known[name] for name in names)


def _refuse_contradictions(policy: SurvivorshipPolicy) -> None:
    """An attribute belongs to one block, and only its leader has an order."""
    leader_of: dict[str, str] = {}
    for leader, followers in policy.follow.items():
        for index, name in enumerate(followers):
            path = f"survivorship.follow.{leader}[{index}]"
            if name in policy.follow:
                raise PolicyError(path, f"{name!r} leads other attributes, so it can't follow one")
            if name in leader_of:
                raise PolicyError(path, f"{name!r} follows {leader_of[name]!r} already")
            leader_of[name] = leader
    for name in policy.attributes:
        if name in leader_of:
            what = f"it follows {leader_of[name]!r}, so its own order would never be read; give the leader the order"
            raise PolicyError(f"survivorship.attributes.{name}", what)
