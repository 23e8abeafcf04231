"""A small recipe in a folder of its own, with real steps on the real plumbing, for the tests of utils/."""

import os
import signal
import subprocess
import time
from pathlib import Path

from conftest import ROOT

STEP = """\
#!/usr/bin/env bash
# Measure files.
# Usage: steps/measure.sh [options] <data> <out>
# Reads:  <data>/wav.scp
# Writes: <out>/size.scp
nj=1              # most jobs to run at once
cmd=run.py        # how to start jobs, see cmd.sh
conf=size.conf    # options
scale=1           # a factor
note=             # words about it (no stamp)
. utils/step.sh
need "$data/wav.scp" "$conf"
begin "$out" --out size.scp --in "$data/wav.scp" "$conf"
split_data "$data/wav.scp"
run_jobs measure local/measure.py "$scale" "$sdata/wav.scp" "ark,scp:$parts/size.$part.ark,$parts/size.$part.scp"
collect size.scp --keys "$data/wav.scp"
finish
"""
# One line in `touched` for each recording measured. It stops at a recording while a file hold.<reco> is there, and
# fails where the recording reads "bad".
MEASURE = """\
#!/usr/bin/env python3
import os, sys, time
import numpy as np
from diarkit.errors import DiarkitError
from diarkit.tables import MatrixWriter, read_scp
from diarkit.cli import for_each
scale, scp, wspecifier = sys.argv[1:]
with MatrixWriter(wspecifier) as writer:
    def work(key, path):
        with open("touched", "a") as file:
            file.write(key + "\\n")
        while os.path.exists(f"hold.{key}"):
            time.sleep(0.02)
        text = open(path).read()
        if text == "bad":
            raise DiarkitError(f"{path}: is bad")
        writer.write(key, np.full((1, 1), float(scale) * len(text)))
    for_each(read_scp(scp).items(), work)
"""
# A second step on the first one's table.
COUNT = """\
#!/usr/bin/env bash
# Count sizes.
# Usage: steps/count.sh [options] <sizes> <out>
# Reads:  <sizes>/size.scp
# Writes: <out>/count
. utils/step.sh
need "$sizes/size.scp"
begin "$out" --out count --in "$sizes/size.scp"
wc -l <"$sizes/size.scp" >"$out/count"
finish
"""


class SmallRecipe:
    """A folder with steps, data and links, and a way to run commands in it."""

    def __init__(self, folder, environment, recos="abcd"):
        self.folder, self.environment = Path(folder), environment
        for name in ("utils", "bin"):
            (self.folder / name).symlink_to(ROOT / name)
        for name in ("path.sh", "cmd.sh"):
            (self.folder / name).symlink_to(ROOT / "egs/TEMPLATE" / name)
        self.script("steps/measure.sh", STEP)
        self.script("steps/count.sh", COUNT)
        self.script("local/measure.py", MEASURE)
        self.write("size.conf", "--size=1\n")
        self.write("sizes/size.scp", "a x.ark:2\n")
        for number, reco in enumerate(recos, 1):
            self.write(f"audio/{reco}.txt", "x" * number)
        self.write("data/wav.scp", "".join(f"{reco} audio/{reco}.txt\n" for reco in recos))

    def write(self, name, text):
        """Write a file and its folders."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def script(self, name, text):
        """Write an executable file."""
        self.write(name, text).chmod(0o755)

    def read(self, name):
        """Return the text of a file."""
        return (self.folder / name).read_text()

    def has(self, name):
        """Tell whether a file is there."""
        return (self.folder / name).exists()

    def start(self, *words, **env):
        """Start a command in a process group of its own, as a terminal does, and return its Popen."""
        return subprocess.Popen([str(w) for w in words], cwd=self.folder, env={**self.environment, **env}, text=True,
                                start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))

    def run(self, *words, **env):
        """Run a command to its end; return (status, stdout and stderr)."""
        process = self.start(*words, **env)
        out, err = process.communicate(timeout=60)
        return process.returncode, out + err

    def measure(self, *words, **env):
        """Run the step on the data."""
        return self.run("steps/measure.sh", *words, "data", "exp/size", **env)

    def touched(self):
        """Return the recordings measured since the last call."""
        path = self.folder / "touched"
        found = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return found


def wait_for(true, seconds=20):
    """Wait until a function returns something true, and return it; fail after a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def is_running(pid):
    """Tell whether a process is there and is no zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
