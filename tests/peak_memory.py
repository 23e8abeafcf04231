"""The peak memory of every binary that a recipe runs, measured from outside by their wait4."""

import sys
from pathlib import Path

from conftest import ROOT

WRAPPER = """\
#!{python}
import os, sys
name = os.path.basename(sys.argv[0])
pid = os.posix_spawn(sys.executable, [sys.executable, "{bin}/" + name, *sys.argv[1:]], os.environ)
_, status, usage = os.wait4(pid, 0)
with open("{log}", "a") as file:
    file.write(f"{{name}} {{usage.ru_maxrss}} {{usage.ru_utime + usage.ru_stime:.1f}}\\n")
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"""


def watch(recipe):
    """Put a measuring wrapper before every binary on the PATH of a copied recipe."""
    folder = recipe / "measured"
    folder.mkdir()
    text = WRAPPER.format(python=sys.executable, bin=ROOT / "bin", log=recipe / "peak.txt")
    for binary in (ROOT / "bin").glob("*.py"):
        (folder / binary.name).write_text(text)
        (folder / binary.name).chmod(0o755)
    with open(recipe / "path.sh", "a") as file:
        file.write(f"PATH={folder}:$PATH\n")


def peaks(recipe):
    """Return {binary: (most MB, processor seconds)} of all runs since `watch`."""
    found = {}
    for line in Path(recipe / "peak.txt").read_text().splitlines():
        name, kilobytes, seconds = line.split()
        before = found.get(name, (0.0, 0.0))
        found[name] = max(before[0], int(kilobytes) / 1024), before[1] + float(seconds)
    return found
