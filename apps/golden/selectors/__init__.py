"""Read golden records, who belongs to them and what became of them. Nothing here writes."""

from apps.golden.selectors.customers import (
    Customer,
    CustomerSummary,
    Member,
    MoveRow,
    PinRow,
    Value,
    ValueRow,
    count_customers,
    find_customer_of_record,
    get_customer,
    list_customers,
    list_customers_of_records,
    list_member_ids,
    list_members,
    list_moves,
    list_pins,
    list_value_rows,
)
from apps.golden.selectors.history import Change, HistoryRow, list_history
from apps.golden.selectors.search import SearchHit, SearchPosition, search_customers

__all__ = [
    "Change",
    "Customer",
    "CustomerSummary",
    "HistoryRow",
    "Member",
    "MoveRow",
    "PinRow",
    "SearchHit",
    "SearchPosition",
    "Value",
    "ValueRow",
    "count_customers",
    "find_customer_of_record",
    "get_customer",
    "list_customers",
    "list_customers_of_records",
    "list_history",
    "list_member_ids",
    "list_members",
    "list_moves",
    "list_pins",
    "list_value_rows",
    "search_customers",
]
