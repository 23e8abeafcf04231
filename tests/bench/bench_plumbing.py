#!/usr/bin/env python3
"""What a step costs besides its work, verb by verb: bench_plumbing.py [jobs] [recordings]...

A step on the real plumbing whose jobs copy their share of the scp: run, called again when it is up to date, and run
again after half of its parts are gone. Printed are milliseconds of processor and of wall time per recording and verb,
file system calls per recording, and the cost per recording against that of the smallest set: 1.0 is linear.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from conftest import ROOT  # noqa: E402

VERBS = ("begin", "split_data", "run_jobs", "collect", "finish")
STEP = """\
#!/usr/bin/env bash
# Copy keys.
# Usage: steps/copy.sh [options] <data> <out>
nj=1        # most jobs
cmd=run.py  # how to start jobs
. utils/step.sh
mark() { { echo "$1 $EPOCHREALTIME"; times; } >>times; }
mark start
begin "$out" --out x.scp --in "$data/wav.scp"
mark begin
split_data "$data/wav.scp"
mark split_data
run_jobs copy cp "$sdata/wav.scp" "$parts/x.$part.scp"
mark run_jobs
collect x.scp --keys "$data/wav.scp"
mark collect
finish
mark finish
"""


def make_recipe(folder, count):
    """Write a recipe with a step and `count` recordings of one byte, a thousand in a folder."""
    for name in ("utils", "bin"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "steps").mkdir()
    (folder / "data").mkdir()
    (folder / "steps/copy.sh").write_text(STEP)
    (folder / "steps/copy.sh").chmod(0o755)
    with open(folder / "data/wav.scp", "w") as scp:
        for number in range(count):
            path = f"audio/{number // 1000:04d}/r{number:06d}.wav"
            if not number % 1000:
                os.makedirs(folder / os.path.dirname(path))
            (folder / path).write_text("x")
            scp.write(f"r{number:06d} {path}\n")


def run(folder, jobs, traced=False):
    """Run the step; return ({verb: (processor s, wall s)}, {file system call: how often} where traced)."""
    (folder / "times").unlink(missing_ok=True)
    words = ["steps/copy.sh", "--nj", str(jobs), "data", "exp/copy"]
    trace = ["strace", "-f", "-qq", "-e", "trace=%file", "-e", "signal=none", "-o", "trace"] if traced else []
    path = os.pathsep.join([str(ROOT / "utils"), os.path.dirname(sys.executable), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONUTF8": "1"}
    subprocess.run([*trace, *words], cwd=folder, check=True, stderr=subprocess.DEVNULL, env=environment)
    calls = Counter()
    if traced:
        with open(folder / "trace", errors="replace") as file:
            calls.update(match[1] for line in file if (match := re.match(r"\d+ +(\w+)\(", line)))
    return read_times(folder / "times"), calls


def read_times(path):
    """Return {verb: (processor s, wall s)} of what the step noted: a mark, then two lines of `times`."""
    lines, found, before = path.read_text().split("\n"), {}, None
    for at in range(0, len(lines) - 2, 3):
        verb, clock = lines[at].split()
        parts = re.findall(r"(\d+)m([\d.]+)s", lines[at + 1] + " " + lines[at + 2])
        now = sum(60 * int(minutes) + float(seconds) for minutes, seconds in parts), float(clock)
        if before:
            found[verb] = now[0] - before[0], now[1] - before[1]
        before = now
    return found


def whole(words, folder):
    """Return (processor s, wall s) of a call that ends in begin."""
    before, found = os.times(), run(folder, *words)
    after = os.times()
    assert "finish" not in found[0], "it was not up to date"
    return sum(after[2:4]) - sum(before[2:4]), after[4] - before[4]


def measure(count, jobs):
    """Return {part: (processor s, wall s)} of the first run, the second and the one after half was lost."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make_recipe(folder, count)
        found, _ = run(folder, jobs)
        found["up to date"] = whole((jobs,), folder)
        parts = sorted((folder / "exp/copy/parts").glob("*.scp"))
        for part in parts[len(parts) // 2:]:
            part.unlink()
        (folder / "exp/copy/x.scp").unlink()
        again, _ = run(folder, jobs)
        found["resume, half"] = tuple(sum(again[verb][i] for verb in VERBS) for i in (0, 1))
        names = {name: len(os.listdir(folder / "exp/copy" / name)) for name in ("parts", "log")}
        stamp = (folder / "exp/copy/.done").stat().st_size
        traced = run(folder, jobs, traced=True)[1] if count <= 20_000 else None
    print(f"{count} recordings, {jobs} jobs: .done has {stamp / 1e6:.2f} MB, files in parts {names['parts']}, in log "
          f"{names['log']}" + (f"; up to date: {sum(traced.values())} calls on files, {dict(traced.most_common(4))}"
                               if traced else ""), flush=True)
    return found


def main(jobs=200, *counts):
    jobs, counts = int(jobs), [int(count) for count in counts] or [2_000, 20_000, 100_000]
    tables = [measure(count, jobs) for count in counts]
    print("processor s (wall s)".ljust(16) + "".join(f"{count:>18}" for count in counts) + "  one more recording")
    for part in tables[0]:
        row = "".join(f"{cpu_s:10.2f} ({wall_s:5.1f})" for cpu_s, wall_s in (table[part] for table in tables))
        more = [1e3 * (b[part][0] - a[part][0]) / (m - n)
                for a, b, n, m in zip(tables, tables[1:], counts, counts[1:])]
        print(f"{part:16}{row}  {', '.join(f'{ms:.4f} ms' for ms in more)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
