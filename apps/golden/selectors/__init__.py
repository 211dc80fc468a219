"""Read golden records, who belongs to them and what became of them. Nothing here writes."""

from apps.golden.selectors.customers import (
    Customer,
    CustomerNotFound,
    CustomerSummary,
    count_customers,
    find_customer_of_record,
    get_customer,
    list_customers,
    list_customers_of_records,
)
from apps.golden.selectors.history import (
    Change,
    HistoryRow,
    PastState,
    list_history,
    list_latest_changes,
    list_states_at,
)
from apps.golden.selectors.homes import find_homes_before, name_gids, name_golden
from apps.golden.selectors.members import (
    Member,
    MoveRow,
    list_member_ids,
    list_member_ids_of,
    list_members,
    list_moves,
)
from apps.golden.selectors.pins import (
    PinRow,
    list_due_pins,
    list_holding_pins,
    list_pins,
    list_pins_if_joined,
    live_pins,
    pin_horizon,
)
from apps.golden.selectors.resolving import (
    CustomerCandidate,
    ExampleInvalid,
    OutOfTime,
    Resolution,
    resolve_example,
    resolve_examples,
)
from apps.golden.selectors.search import SearchHit, SearchPosition, search_customers
from apps.golden.selectors.values import Value, ValueRow, describe_values, list_value_rows

__all__ = [
    "Change",
    "Customer",
    "CustomerCandidate",
    "CustomerNotFound",
    "CustomerSummary",
    "ExampleInvalid",
    "HistoryRow",
    "Member",
    "MoveRow",
    "OutOfTime",
    "PastState",
    "PinRow",
    "Resolution",
    "SearchHit",
    "SearchPosition",
    "Value",
    "ValueRow",
    "count_customers",
    "describe_values",
    "find_customer_of_record",
    "find_homes_before",
    "get_customer",
    "list_customers",
    "list_customers_of_records",
    "list_due_pins",
    "list_history",
    "list_holding_pins",
    "list_latest_changes",
    "list_member_ids",
    "list_member_ids_of",
    "list_members",
    "list_moves",
    "list_pins",
    "list_pins_if_joined",
    "list_states_at",
    "list_value_rows",
    "live_pins",
    "name_gids",
    "name_golden",
    "pin_horizon",
    "resolve_example",
    "resolve_examples",
    "search_customers",
]
