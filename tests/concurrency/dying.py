"""A process whose children do one act each and kill themselves in the middle of it. Told on its input which and where.

Each line is the number of a statement, 0 for the commit, and the name of an act; the answer is the signal that ended
the child, or 0.
"""

import os
import signal
import sys

import django


def end() -> None:
    """Kill this process, which can do nothing about it."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Answer lines until the input ends."""
    django.setup()
    from tests.concurrency.acts import ACTS, interrupting, interrupting_commit

    for line in sys.stdin:
        number, _, act = line.strip().partition(" ")
        child = os.fork()
        if not child:
            # The connection is opened in the child, since parents and children can't share one.
            with interrupting(int(number), end) if int(number) else interrupting_commit(end):
                ACTS[act]()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.WTERMSIG(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
