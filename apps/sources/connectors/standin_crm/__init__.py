"""The stand-in CRM of the demo, over HTTP: accounts by pages since a moment, one account, and the hub's slot."""

from apps.sources.connectors.standin_crm.client import SLOT, StandinCrmClient
from apps.sources.connectors.standin_crm.pull import list_pages, pull_since

__all__ = ["SLOT", "StandinCrmClient", "list_pages", "pull_since"]
