"""A feed file of JSON lines: one CloudEvents object a line, at least once, in order per subject."""

import logging
import re
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from apps.delivery.appending import append_lines
from apps.delivery.transports.base import Address, Outcome, Parcel, Result

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
logger = logging.getLogger(__name__)


class FileFeed:
    """Appends a batch to the subscriber's file in one write and one fsync."""

    batch_size = 2_000

    def send(self, address: Address, parcels: Sequence[Parcel]) -> list[Outcome]:
        """Append every parcel as one line, or none; see `Transport.send`."""
        at, begun = timezone.now(), time.monotonic()
        try:
            append_lines(feed_path(address.target), b"".join(parcel.body + b"\n" for parcel in parcels))
        except OSError as error:
            logger.warning("delivery.feed_not_written", extra={"hub": {"feed": address.target, "error": str(error)}})
            detail = f"{type(error).__name__}: {error.strerror}"
            return [Outcome(Result.UNREACHABLE, at, time.monotonic() - begun, detail=detail)] * len(parcels)
        return [Outcome(Result.DELIVERED, at, time.monotonic() - begun)] * len(parcels)


def feed_path(name: str) -> Path:
    """Return where a feed of this name lies: directly in the feed folder, whatever the name tries."""
    if not FILE_NAME.match(name):
        raise ValueError(f"{name!r} is not a plain file name")
    return Path(settings.MDM["FEED_FOLDER"]) / name
