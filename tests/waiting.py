# SPDX-License-Identifier: Apache-2.0
"""Waiting for what is to come, however loaded the machine is."""

import time


def wait_until(what, seconds=600, step=0.01):
    """Asks @what at once, and then ever more seldom; what it gave when that was true, or at last.

    An emulated guest loads for 10 s, and runs ten times slower: hence ten minutes where nobody says less.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = what()
        if got:
            return got
        time.sleep(step)
        step = min(step * 1.2, 0.5)
    return what()
