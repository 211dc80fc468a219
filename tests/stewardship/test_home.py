"""The first page's latest loads: what brought something, not each time nothing came."""

from django.test import Client

from apps.stewardship.screens.home import LATEST_BATCHES, build_home
from tests.factories import make_batch
from tests.stewardship.conftest import middle


def test_batches_that_brought_nothing_are_counted_not_listed(steward: Client) -> None:
    oldest = make_batch(rows_read=3, rows_new=3)
    held = make_batch(state="held", held_reason="half of it is gone")
    for _ in range(3):
        make_batch(rows_read=2, rows_unchanged=2)
    home = build_home()
    assert [batch.batch_id for batch in home.batches] == [held.pk, oldest.pk]
    assert home.quiet == 3
    assert "3 other batches brought nothing new." in middle(steward.get("/"))


def test_where_nothing_was_ever_brought_the_newest_is_shown(db: None) -> None:
    make_batch()
    newest = make_batch()
    assert [batch.batch_id for batch in build_home().batches] == [newest.pk]


def test_no_more_are_listed_than_fit_and_what_is_older_is_not_counted(db: None) -> None:
    make_batch()
    for _ in range(LATEST_BATCHES + 2):
        make_batch(rows_read=1, rows_new=1)
    home = build_home()
    assert (len(home.batches), home.quiet) == (LATEST_BATCHES, 0)
