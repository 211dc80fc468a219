"""The demo: the whole hub on one machine, three real account sources loaded, the pages left open.

`python -m mdmhub.demo [--once]` is `make demo`.
"""
