#!/usr/bin/env python3
"""Train one system of a list for about so many minutes on this machine.

The list has a line for each: its name and options of train-embedding.py. One round tells how long a round takes here;
then as many are trained as fit, so that the fall of the learning rate ends with the time. Goes on where it was stopped;
what is finished is left alone while data, options and minutes are the same. <data> holds wav.scp, utt2spk and
dev.list, which names the speakers to hold out.
"""

import csv
import os
import shlex
import subprocess

from diarkit import cli
from diarkit.datadir.freshness import checksum
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import read_table, write_text
from diarkit.options import opt, options

GUESS = 30  # rounds, as long as nobody knows how many fit: the rate of the first one follows from it


@options
class TimeOptions:
    """A training by time."""

    minutes: float = opt(4.0, "how long; the measuring after each round is part of it", above=0)
    systems_list: str = opt("conf/compare.tsv", "the list")
    train_config: str = opt("conf/train_compare.conf", "options of train-embedding.py that all systems share")
    cache: str | None = opt(None, "folder of the decoded audio, of several trainings (none: <out-dir>/audio)")


def command(tag, data, out, given):
    """Return the words that train a system."""
    listed = read_table(given.systems_list)
    if tag not in listed:
        raise UsageError(f"{given.systems_list}: no system {tag!r}. Listed are {', '.join(listed)}")
    cache = [f"--cache={given.cache}"] if given.cache else []
    return ["train-embedding.py", f"--config={given.train_config}", f"--dev-list={data}/dev.list", *cache,
            *shlex.split(listed[tag]), f"scp:{data}/wav.scp", f"{data}/utt2spk", out]


def rounds_that_fit(metrics, minutes):
    """Return how many rounds fit, two at least, by the first one of metrics.csv."""
    with open(metrics, encoding="utf-8", newline="") as file:
        first_s = float(next(csv.DictReader(file))["seconds"])
    return max(round(60 * minutes / first_s), 2)


def main(tag, data, out, given):
    """Train, or leave alone what is finished."""
    words, done, metrics = command(tag, data, out, given), f"{out}/trained", f"{out}/metrics.csv"
    sources = [f"{data}/wav.scp", f"{data}/utt2spk", f"{data}/dev.list", given.train_config]
    state = checksum((words, given.minutes), sources)
    if os.path.exists(done) and read_table(done).get("state") == state:
        cli.log(f"{out} is up to date")
        return
    if not os.path.exists(metrics):
        subprocess.run([*words, f"--rounds={GUESS}", "--max-hours=1e-9"])  # ends with status 1: time is over
        if not os.path.exists(metrics):
            raise DiarkitError(f"{tag}: the first round failed, see above")
    count = rounds_that_fit(metrics, given.minutes)
    if subprocess.run([*words, f"--rounds={count}"]).returncode:
        raise DiarkitError(f"{tag}: the training failed, see above. Run the same command again to go on")
    write_text(done, [f"state {state}"])


if __name__ == "__main__":
    cli.run(main, __doc__, ("system", "data", "out-dir"), TimeOptions)
