"""What pictures are taken of: the standing screens always, the states of a hub as far as it has them."""

import pytest
from django.db import connection

from benchmarks.desk.scenes import STANDING, list_scenes
from tests.stewardship.conftest import make_small_hub


def url() -> str:
    settings = connection.settings_dict
    return (
        f"host={settings['HOST']} port={settings['PORT']} dbname={settings['NAME']}"
        f" user={settings['USER']} password={settings['PASSWORD']}"
    )


@pytest.mark.django_db(transaction=True)
def test_a_hub_s_states_are_found_and_an_empty_one_still_shows_the_standing_screens() -> None:
    assert list_scenes(url()) == list(STANDING)
    hub = make_small_hub()
    scenes = {scene.name: scene.path for scene in list_scenes(url())}
    assert scenes["pair"] == scenes["pair-differences"] == f"/review/{hub.case.pk}/"
    assert not {"pair-weak", "approval", "sources-many"} & scenes.keys()
    assert len(scenes) == len(list_scenes(url()))
