"""Do once, before the first request, what a process does for its first record: imports, tables, statistics."""

import logging
from typing import Final

import pyarrow as pa
from django.db import DatabaseError, connection

from apps.base.errors import HubError
from apps.golden.selectors import resolve_example
from apps.rulebook.selectors import find_active_rules

logger = logging.getLogger(__name__)
# A value that each kind of attribute reads: it reaches the tables that reading it needs.
_VALUES: Final = {
    "country": "DE",
    "phone": "+49 30 1234567",
    "email": "office@example.com",
    "website": "https://www.example.com",
    "postcode": "10115",
    "city": "Berlin",
    "street": "Invalidenstrasse 1",
    "identifier": "DE811569869",
}


def warm_up() -> None:
    """Resolve an example, which stores nothing; where there are no rules yet, or no database, leave it at that.

    Never raises. Takes some seconds with the statistics of a million records.
    """
    # The first frame made of rows has Arrow import pandas, which would cost the first decision two seconds.
    pa.array([""])
    try:
        active = find_active_rules()
        if active is not None:
            kinds = {attribute.name: attribute.kind for attribute in active.rules.attributes}
            resolve_example({name: _VALUES.get(kind, "Example Trading GmbH") for name, kind in kinds.items()})
    except (DatabaseError, HubError) as error:
        logger.info("not warmed up", extra={"hub": {"error": type(error).__name__}})
    finally:
        connection.close()
