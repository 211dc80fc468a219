"""Run the whole hub on one machine: servers, migrations, then web, worker and beat as supervised processes.

`python -m mdmhub.stack` is `make up`; the demo builds on `Stack` with processes of its own beside these.
"""

from mdmhub.stack.child import Child
from mdmhub.stack.children import beat, gunicorn, hub_children, management, worker
from mdmhub.stack.supervisor import Stack, StackError, heeded_signals

__all__ = ["Child", "Stack", "StackError", "beat", "gunicorn", "heeded_signals", "hub_children", "management", "worker"]
