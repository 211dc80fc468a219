"""Every periodic job, each with its why. Beat only proposes: a slot table lets each job run once per slot."""

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    # The poll is the guarantee behind every wake-up: a lost message costs seconds, not data.
    "deliver-due": {"task": "delivery.deliver_due", "schedule": 2.0},
    # Governed ids travel back to the systems whose records they name.
    "write-back-due": {"task": "delivery.write_back_due", "schedule": 2.0},
    # What was too much while somebody waited is matched now; an empty queue costs one query.
    "drain-redo": {"task": "pipeline.drain_redo", "schedule": 2.0},
    # Files handed over wait in PostgreSQL; nothing else wakes their worker, and looking costs one query.
    "load-uploads": {"task": "pipeline.load_uploads", "schedule": 2.0},
    # Dry runs that were asked for, and the re-match after a rule set was published; a killed one goes on here.
    "carry-out-rules": {"task": "pipeline.carry_out_rules", "schedule": 2.0},
    # A request that dies between its file and its upload leaves the file.
    "forget-spool": {"task": "pipeline.forget_spool", "schedule": 3_600.0},
    # New files in the watched folder become batches.
    "watch-folder": {"task": "pipeline.sync_watched_folder", "schedule": 30.0},
    # The CRM's changes are pulled by pages; the cursor overlaps, so that late commits are seen.
    "pull-sources": {"task": "pipeline.sync_pulled_sources", "schedule": 30.0},
    # A value pinned until a day is the rules' again soon after that day has begun (UTC).
    "release-due-pins": {"task": "pipeline.release_due_pins", "schedule": 900.0},
    # Answers kept for repeated requests hold names and are promised for 72 hours, not longer.
    "forget-answers": {"task": "api.forget_answers", "schedule": 3_600.0},
}
