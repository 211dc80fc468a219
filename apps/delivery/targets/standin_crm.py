"""Write ids into the stand-in CRM, record by record: read, compare, write, read back."""

import time
from collections.abc import Sequence
from typing import Final

from apps.delivery.targets.base import Answer, Intent, Written
from apps.sources.connectors.base import ConnectorError, RecordMissingError, RequestRefusedError
from apps.sources.connectors.standin_crm import StandinCrmClient

_BUDGET_SECONDS: Final = 10.0
_CALL_SECONDS: Final = 5.0


class StandinCrm:
    """The hub's slot of the accounts at `url`."""

    batch_size = 50

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._url = url
        self._timeout_seconds = min(timeout_seconds, _CALL_SECONDS)

    def write(self, intents: Sequence[Intent]) -> list[Answer]:
        """Write every id until the CRM proves unreachable or the batch's time is over; see `Target.write`."""
        answers: list[Answer] = []
        ends_at = time.monotonic() + _BUDGET_SECONDS
        with StandinCrmClient(self._url, timeout_seconds=self._timeout_seconds) as client:
            for intent in intents:
                if time.monotonic() > ends_at:
                    break
                answers.append(_write_one(client, intent))
                if answers[-1].result is Written.UNREACHABLE:
                    break
        return answers + [Answer(Written.UNSENT)] * (len(intents) - len(answers))


def _write_one(client: StandinCrmClient, intent: Intent) -> Answer:
    before: str | None = None
    try:
        before = client.get_slot(intent.source_key)
        if before == intent.gid:
            return Answer(Written.UNCHANGED, before)
        if before and before not in intent.known:
            return Answer(Written.DRIFTED, before, f"carried {before[:40]} before it was written")
        client.set_slot(intent.source_key, intent.gid)
        after = client.get_slot(intent.source_key)
    except ConnectorError as error:
        if isinstance(error, RecordMissingError | RequestRefusedError):
            return Answer(Written.HOPELESS, before, error.detail)
        result = Written.UNREACHABLE if error.is_transient else Written.FAILED
        return Answer(result, before, error.detail, error.retry_after_seconds)
    if after != intent.gid:
        return Answer(Written.FAILED, before, f"read back {after[:40] or 'nothing'} after writing")
    return Answer(Written.APPLIED, before)
