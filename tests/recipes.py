"""Copies of real recipes in a temporary folder, run as a user runs them."""

import shutil
import subprocess

from conftest import ROOT


def make_recipe(folder, name):
    """Make <folder>/<name>/v1 out of the TEMPLATE and the run.sh of egs/<name>/v1; return its path."""
    recipe = folder / name / "v1"
    subprocess.run([ROOT / "utils" / "new_recipe.sh", recipe], check=True, capture_output=True)
    shutil.copy(ROOT / "egs" / name / "v1" / "run.sh", recipe / "run.sh")
    return recipe


def snapshot(folder):
    """Return {relative path: (mtime, bytes)} of every regular file that a run has made, logs and locks left out."""
    files = (p for part in ("data", "exp") for p in sorted((folder / part).rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.read_bytes()) for p in files
            if "log" not in p.parts and not p.name.startswith(".")}


def contents(folder):
    """Return {relative path: bytes} of what a run has made, parts left out: their division depends on the attempts."""
    return {name: data for name, (_, data) in snapshot(folder).items() if "/parts/" not in name}
