"""Demo and development: plain HTTP on loopback."""

from .base import *  # noqa: F403 - a settings layer is its base plus its differences
