"""One record: every attribute standardised, those first that others need as context."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

from apps.engine.records import SOURCE_PART
from apps.engine.standardise.registry import STANDARDISERS


class Attribute(Protocol):
    """What standardisation needs to know of a rule set's attribute."""

    @property
    def name(self) -> str:
        """Name of the attribute, and prefix of its parts."""
        ...

    @property
    def kind(self) -> str:
        """Kind of the attribute: a key of `STANDARDISERS`."""
        ...

    @property
    def option(self) -> str | None:
        """What the kind needs to know besides, such as an identifier's scheme."""
        ...


AttributeT = TypeVar("AttributeT", bound=Attribute)


def in_context_order(attributes: Sequence[AttributeT]) -> list[AttributeT]:
    """Return the attributes so that each comes after those whose parts it takes as context; else in the order given.

    An attribute is never its own context. Raises KeyError for an unknown kind.
    """
    by_name = {attribute.name: attribute for attribute in attributes}
    ordered: dict[str, AttributeT] = {}

    def place(attribute: AttributeT, above: frozenset[str]) -> None:
        for part in STANDARDISERS[attribute.kind].context:
            needed = by_name.get(part.rpartition(".")[0])
            if needed is not None and needed.name not in above:
                place(needed, above | {needed.name})
        ordered.setdefault(attribute.name, attribute)

    for attribute in attributes:
        place(attribute, frozenset({attribute.name}))
    return list(ordered.values())


@lru_cache(maxsize=64)
def _in_context_order(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    return tuple(in_context_order(attributes))


def standardise_record(
    given: Mapping[str, str | None],
    attributes: Sequence[Attribute],
    fallbacks: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, str]:
    """Return the standard parts of a record by name (`attribute.part`), without those that are missing.

    `given` holds raw values by attribute name; names that no attribute declares are ignored. `fallbacks` names, per
    part, the parts whose value stands in where it is missing, the first that has one. `source` among the given is the
    code of the source system and becomes a part as it is. Raises KeyError for an attribute of an unknown kind.
    """
    parts: dict[str, str] = {}
    for attribute in _in_context_order(tuple(attributes)):
        raw = given.get(attribute.name)
        if not raw:
            continue
        standardiser = STANDARDISERS[attribute.kind]
        context = tuple(parts.get(name) for name in standardiser.context)
        values = standardiser.function(raw, context, attribute.option)
        for part, value in zip(standardiser.parts, values, strict=True):
            if value is not None:
                parts[f"{attribute.name}.{part}"] = value
    for part, others in (fallbacks or {}).items():
        found = next((parts[other] for other in others if other in parts), None)
        if found is not None:
            parts.setdefault(part, found)
    if source := given.get("source"):
        parts[SOURCE_PART] = source
    return parts
