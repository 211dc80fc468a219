"""What other apps may ask of delivery. Each name is kept in the module of its topic beside this one."""

from apps.delivery.services.deliveries import cancel_delivery, drop_undone, enqueue, replay_dead_deliveries
from apps.delivery.services.ledger import (
    Found,
    expect_ids,
    note_found,
    replay_dead_write_backs,
    withdraw_ids,
)
from apps.delivery.services.sending import deliver_due
from apps.delivery.services.subscribers import activate_subscriber, deactivate_subscriber, register_subscriber
from apps.delivery.services.waking import wake
from apps.delivery.services.writing_back import write_back_due

__all__ = [
    "Found",
    "activate_subscriber",
    "cancel_delivery",
    "deactivate_subscriber",
    "deliver_due",
    "drop_undone",
    "enqueue",
    "expect_ids",
    "note_found",
    "register_subscriber",
    "replay_dead_deliveries",
    "replay_dead_write_backs",
    "wake",
    "withdraw_ids",
    "write_back_due",
]
