"""Run one contender in a process of its own: `python -m benchmarks.peers.worker CONTENDER FRAME LABELLED OUT_FOLDER`.

A process each, so that its peak memory is its own and no library meets another's.
"""

import sys
from importlib import import_module
from pathlib import Path

MODULES = {"mdmhub": "hub", "splink": "splink_resolve", "recordlinkage": "record_linkage"}


def main(words: list[str]) -> None:
    """Resolve and write the outcome; raises what the contender raises."""
    contender, frame, labelled, out = words
    module = import_module(f"benchmarks.peers.{MODULES[contender]}")
    module.resolve(Path(frame), Path(labelled)).write(Path(out))


if __name__ == "__main__":
    main(sys.argv[1:])
