"""Keep pins: values that a steward fixed. A pin is released, never deleted; history keeps who, when and why.

Everything runs inside the caller's transaction; that the customers' values follow is the caller's part.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.errors import Invalid, NotFound
from apps.engine.rules import RuleSet
from apps.engine.standardise import STANDARDISERS, standardise_record
from apps.engine.survive import PART_OF_A_CLAIM
from apps.golden.models import GoldenRecord, Pin

LONGEST_VALUE: Final = 2_000
LONGEST_REASON: Final = 500

HAND_OVER = """
UPDATE golden_pin p SET record_ids = ARRAY(SELECT jsonb_array_elements_text(h.records)::bigint)
FROM jsonb_to_recordset(%s::jsonb) AS h(pin bigint, records jsonb)
WHERE p.id = h.pin AND p.released_at IS NULL
"""


class AttributeUnknown(Invalid):
    """The rule set in force has no such attribute."""

    code = "pin.attribute_unknown"
    title = "No such attribute"


class ValueUnusable(Invalid):
    """The value means nothing: a placeholder, or text that the attribute can't hold."""

    code = "pin.value_unusable"
    title = "The value can't be fixed"


class ChecksumWrong(Invalid):
    """The number fails its own check, so it is mistyped or made up."""

    code = "pin.checksum_wrong"
    title = "The number is wrong"


class ConditionInvalid(Invalid):
    """The release condition names no member record, no day, or a day that is past."""

    code = "pin.condition_invalid"
    title = "The release condition can't be used"


class PinNotFound(NotFound):
    """Nothing is fixed for that attribute of the customer."""

    code = "pin.not_found"
    title = "No such pin"


@dataclass(frozen=True, slots=True)
class Until:
    """What releases a pin: a person (neither is given), a watched record that says something else, or a day."""

    record_id: int | None = None
    said: str = ""
    on: date | None = None

    @property
    def release(self) -> str:
        """The condition's word."""
        if self.record_id is not None:
            return Pin.Release.SOURCE_CHANGES.value
        return (Pin.Release.NEVER if self.on is None else Pin.Release.DATE).value


def lock_customer(*, gid: str) -> GoldenRecord:
    """Hold a live customer until the transaction ends and return it; raise NotFound where the id names none."""
    golden = GoldenRecord.objects.select_for_update().filter(gid=gid, state=GoldenRecord.State.LIVE).first()
    if golden is None:
        raise NotFound(f"No live customer has the id {gid}.", gid=gid)
    return golden


def check_value(*, attribute: str, value: str, rules: RuleSet, others: Mapping[str, str]) -> str:
    """Return the value to fix, without blanks around it; empty text says that the customer has none.

    `others` are the customer's values, in whose light the text is read: a phone in its country. Raises
    AttributeUnknown, ValueUnusable or ChecksumWrong.
    """
    known = {entry.name: entry for entry in rules.attributes}
    if attribute not in known:
        raise AttributeUnknown(f"The rules know no attribute {attribute[:60]!r}.", known=sorted(known))
    text = value.strip()
    if not text:
        return ""
    if len(text) > LONGEST_VALUE or not _is_storable(text):
        raise ValueUnusable(f"The value must be text of at most {LONGEST_VALUE} characters.", attribute=attribute)
    kind = known[attribute].kind
    parts = standardise_record({**others, attribute: text}, rules.attributes)
    needed = (PART_OF_A_CLAIM[kind],) if kind in PART_OF_A_CLAIM else STANDARDISERS[kind].parts
    if not any(f"{attribute}.{part}" in parts for part in needed):
        raise ValueUnusable("The value is a placeholder or can't be read as what it is for.", attribute=attribute)
    if parts.get(f"{attribute}.check") == "wrong":
        raise ChecksumWrong(f"The {attribute} fails its own check; it may be mistyped.", attribute=attribute)
    return text


def store_pin(
    *, golden: GoldenRecord, record_ids: Sequence[int], attribute: str, value: str, until: Until, reason: str,
    actor: Actor, verdict_id: int | None = None,
) -> Pin:  # fmt: skip
    """Fix a value for the customer that has these records; `verdict_id` is the decision that takes it along."""
    with acting(actor, reason=reason):
        return Pin.objects.create(
            golden=golden,
            record_ids=sorted(record_ids),
            attribute=attribute,
            value=value,
            release=until.release,
            release_record_id=until.record_id,
            release_value=until.said,
            release_on=until.on,
            pinned_by=str(actor),
            reason=reason,
            pinned_at=timezone.now(),
            verdict_id=verdict_id,
        )


def end_pins(*, pin_ids: Sequence[int], reason: str, actor: Actor) -> int:
    """Release pins for good; one that is released already stays as it is. Returns how many were released."""
    if not pin_ids:
        return 0
    with acting(actor, reason=reason):
        return Pin.objects.filter(pk__in=list(pin_ids), released_at__isnull=True).update(released_at=timezone.now())


def end_pins_of_decision(*, verdict_id: int, actor: Actor) -> int:
    """Release what was fixed along with a decision and holds to this day; return how many. One statement."""
    with acting(actor, reason=f"decision {verdict_id} undone"):
        mine = Pin.objects.filter(verdict_id=verdict_id, released_at__isnull=True)
        return mine.update(released_at=timezone.now())


def hang_pins(*, rows: Sequence[tuple[int, Sequence[int]]]) -> None:
    """Hang pins on other records, when the last of their own are gone."""
    if rows:
        document = json.dumps([{"pin": pin, "records": list(records)} for pin, records in rows])
        with connection.cursor() as cursor:
            cursor.execute(HAND_OVER, [document])


def _is_storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def plain_values(values: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return stored golden values as attribute to text."""
    return {name: str(entry.get("value") or "") for name, entry in values.items()}
