"""Where governed ids are written back: one module per kind of target. `get_target` is the only look-up."""

from pathlib import Path
from typing import Any

from django.conf import settings

from apps.delivery.targets.base import Target
from apps.delivery.targets.file_list import FileList
from apps.delivery.targets.standin_crm import StandinCrm


def get_target(source_code: str) -> Target:
    """Return the target of a source system as `MDM["WRITE_BACK"]` names it; a list in a file where it names none.

    Raises ValueError for a kind of target that doesn't exist.
    """
    wanted: dict[str, Any] = settings.MDM.get("WRITE_BACK", {}).get(source_code, {"transport": "file"})
    kind = wanted["transport"]
    if kind == "standin_crm":
        return StandinCrm(wanted["url"], timeout_seconds=float(settings.MDM["DELIVERY_TIMEOUT_SECONDS"]))
    if kind == "file":
        return FileList(Path(wanted.get("path") or Path(settings.MDM["HOME"]) / "write_back" / f"{source_code}.csv"))
    raise ValueError(f"unknown write-back transport {kind!r} of {source_code}; known: standin_crm, file")
