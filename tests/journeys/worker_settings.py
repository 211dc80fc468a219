"""Settings of worker processes that tests start: the hub's own, with the tunables that the test hands over."""

import json
import os

from mdmhub.settings.base import *  # noqa: F403 - a settings layer is its base plus its differences
from mdmhub.settings.base import MDM

MDM.update(json.loads(os.environ["TEST_TUNABLES"]))
