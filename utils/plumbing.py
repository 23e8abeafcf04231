"""What stamp.py, split_data.py and collect.py share: how they speak for a step, and the parts its jobs leave."""

import os
import re
import sys
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

from diarkit.errors import DiarkitError, UsageError, os_message

Part = namedtuple("Part", "path table attempt job")
PART = re.compile(r"(.+)\.(\d+)\.(\d+)\.scp")
THREADS = 16  # a shared disk answers so many questions in the time of one


def step_name():
    """Return the step these words are for, as the user called it."""
    return os.environ.get("DIARKIT_STEP") or os.path.basename(sys.argv[0])


def say(words):
    """Tell the user how the work goes, on stderr."""
    print(words, file=sys.stderr, flush=True)


def run(work):
    """Call work(list of arguments) and exit with the status it returns; an error is one message and 1 or 2 (usage)."""
    try:
        sys.exit(work(sys.argv[1:]))
    except DiarkitError as error:
        say(f"{step_name()}: {error}")
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except OSError as error:
        say(f"{step_name()}: {os_message(error)}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def side_by_side(work, items):
    """Return [work(item)] in the order of the items, several at a time: for work that waits for a disk.

    Each thread takes a share of the items at once, so that a quick disk loses nothing by it.
    """
    items = list(items)
    size = max(-(-len(items) // THREADS), 1)

    def share(first):
        return [work(item) for item in items[first:first + size]]
    with ThreadPoolExecutor(THREADS) as pool:
        return [answer for answers in pool.map(share, range(0, len(items), size)) for answer in answers]


def find_parts(out):
    """Return the Part of every finished piece of a table in <out>/parts, in the order they were attempted."""
    folder, parts = os.path.join(out, "parts"), []
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        match = PART.fullmatch(name)
        if match:
            parts.append(Part(os.path.join(folder, name), match[1], int(match[2]), int(match[3])))
    return sorted(parts, key=lambda part: (part.table, part.attempt, part.job))
