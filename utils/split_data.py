#!/usr/bin/env python3
"""Spread what a step has left to do over jobs: <out>/split/JOB/ holds each job's share of the files. Called by step.sh.

Recordings with a finished part are left out. Files are split by recording: column 2 of segments, subsegments and
*.rttm, column 1 of others. Jobs are balanced by reco2dur if one lies beside a file, by count otherwise.
<out>/parts/.counts has how many, job by job, job 0 for those that are finished; the runner shows them.
Prints `<number of jobs> <number of the attempt>`.

Usage: split_data.py <most jobs> <out> <keys> [<file>...] [--known <file>...]
A file after --known may not name a recording that <keys> has not: a job cannot tell, for it sees its share alone.
"""

import collections
import heapq
import os
import re
import shutil

import plumbing

from diarkit.errors import DiarkitError, UsageError, named
from diarkit.files import read_lines, read_number_table, write_text


def key_column(path):
    """Return where the recording stands in the lines of a file, by its name."""
    name = os.path.basename(path)
    return 1 if name in ("segments", "subsegments") or name.endswith(".rttm") else 0


def keyed_lines(path):
    """Yield (recording, line) of a file; comments of RTTM and UEM are about none."""
    column, commented = key_column(path), str(path).endswith((".rttm", ".uem"))
    for number, line in read_lines(path):
        if commented and line.startswith(";;"):
            continue
        words = line.split(None, column + 1)
        if len(words) <= column:
            raise DiarkitError(f"{path}:{number}: expected at least {column + 1} columns, found {line!r}")
        yield words[column], line


def read_parts(parts):
    """Return [(Part, [(recording, line)])] of finished pieces of tables."""
    return list(zip(parts, plumbing.side_by_side(lambda part: list(keyed_lines(part.path)), parts)))


def finished_keys(out):
    """Return the recordings that have a part of every table; parts of the others are cut down to these.

    A job that writes two tables may have been killed between them. Its half-finished recordings are done again,
    so their lines leave the first table, for a recording from two parts would be an error.
    """
    jobs, finished = collections.defaultdict(dict), set()
    for part, lines in read_parts(plumbing.find_parts(out)):
        jobs[part.attempt, part.job][part.table] = part.path, dict(lines)
    tables = collected_tables() | {table for job in jobs.values() for table in job}
    for job in jobs.values():
        whole = set.intersection(*[set(job[table][1]) if table in job else set() for table in tables])
        finished |= whole
        for path, lines in job.values():
            if len(whole) < len(lines):
                write_text(path, [line for key, line in lines.items() if key in whole])
    return finished


def collected_tables():
    """Return the tables that the step collects, from its own text: before the first part there is no other sign."""
    script = plumbing.step_name()
    if not os.path.isfile(script):
        return set()
    return {match[1] for _, line in read_lines(script) if (match := re.match(r"\s*collect\s+([\w.-]+)\.scp\b", line))}


def share_out(keys, jobs, weights):
    """Return {key: job number from 1}: the heaviest first, each to the job with the least so far."""
    mean = sum(weights.values()) / len(weights) if weights else 1
    loads, shares = [(0, 0, job) for job in range(1, jobs + 1)], {}
    for key in sorted(keys, key=lambda key: -weights.get(key, mean)):
        load, count, job = heapq.heappop(loads)
        shares[key] = job
        heapq.heappush(loads, (load + weights.get(key, mean), count + 1, job))
    return shares


def durations(files):
    """Return {recording: seconds} of the first reco2dur that lies beside a file, {} without one."""
    for path in files:
        beside = os.path.join(os.path.dirname(path), "reco2dur")
        if os.path.isfile(beside):
            return read_number_table(beside)
    return {}


def check_known(files, keys, source):
    """Raise DiarkitError where one of these files names recordings that are no keys."""
    for path in files:
        strange = list(dict.fromkeys(key for key, _ in keyed_lines(path) if key not in keys))
        if strange:
            raise DiarkitError(f"{path}: lines of {len(strange)} recordings that {source} has not, such as "
                               f"{', '.join(sorted(strange)[:3])}. Make both from the same data directory")


def write_split(out, files, shares, jobs):
    """Write each job's share of each file, reading every file once."""
    folders = [os.path.join(out, "split", str(job)) for job in range(1, jobs + 1)]
    os.makedirs(os.path.join(out, "split"))
    plumbing.side_by_side(os.mkdir, folders)
    for path in files:
        lines = [[] for _ in folders]
        for key, line in keyed_lines(path):
            if key in shares:
                lines[shares[key] - 1].append(line + "\n")
        plumbing.side_by_side(write_share, [(os.path.join(folder, os.path.basename(path)), mine)
                                            for folder, mine in zip(folders, lines)])


def write_share(share):
    """Write (path, lines) of one job. Not as plumbing's other files: nobody reads a share that is not whole."""
    path, lines = share
    with named(path), open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)


def next_attempt(out):
    """Return the number of this attempt, higher than any before, and tidy up what killed jobs left in parts."""
    folder = os.path.join(out, "parts")
    os.makedirs(folder, exist_ok=True)
    names = set(os.listdir(folder))
    for name in names:
        half = re.fullmatch(r"(.+\.\d+\.\d+)\.ark", name)
        if name.endswith(".tmp") or half and half[1] + ".scp" not in names:
            os.unlink(os.path.join(folder, name))
    counter = os.path.join(folder, ".attempt")
    attempt = 1 + (int(next(read_lines(counter))[1]) if os.path.exists(counter) else 0)
    write_text(counter, [attempt])
    return attempt


def main(words):
    """Split, and say how much is left."""
    if len(words) < 3:
        raise UsageError(f"split_data: expected a number of jobs, the folder, and files; got {words}")
    if not re.fullmatch(r"0*[1-9]\d*", words[0]):
        raise UsageError(f"--nj must be a whole number above 0, not {words[0]!r}")
    nj, out, files = int(words[0]), words[1], [word for word in words[2:] if word != "--known"]
    known = words[words.index("--known") + 1:] if "--known" in words else []
    names = [os.path.basename(path) for path in files]
    if len(set(names)) < len(names):
        raise UsageError(f"split_data: two files have one name: {' '.join(files)}")
    keys = list(dict.fromkeys(key for key, _ in keyed_lines(files[0])))
    if not keys:
        raise DiarkitError(f"{files[0]}: is empty, so there is nothing to do")
    check_known(known, set(keys), files[0])
    shutil.rmtree(os.path.join(out, "split"), ignore_errors=True)
    finished, attempt = finished_keys(out), next_attempt(out)
    left = [key for key in keys if key not in finished]
    jobs = min(nj, len(left))
    if jobs:
        shares = share_out(left, jobs, durations(files))
        write_split(out, files, shares, jobs)
        counts = collections.Counter(shares.values())
        write_text(os.path.join(out, "parts", ".counts"),
                   [f"0 {len(keys) - len(left)}", *(f"{job} {counts[job]}" for job in range(1, jobs + 1))])
    done = f", {len(keys) - len(left)} are finished" if len(left) < len(keys) else ""
    plumbing.say(f"{plumbing.step_name()} {out}: {len(left)} of {len(keys)} recordings to do in {jobs} jobs{done}")
    print(jobs, attempt)


if __name__ == "__main__":
    plumbing.run(main)
