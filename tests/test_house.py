"""The house itself: rooms, links, direction of calls, limits, docstrings, shell checks."""

import ast
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")[:-1]
FILES = [f for f in TRACKED if (ROOT / f).is_file() and not (ROOT / f).is_symlink()]
PYTHON = [f for f in FILES if f.endswith(".py")]
LIBRARY = [f for f in PYTHON if f.startswith("diarkit/")]
BINARIES = [f for f in PYTHON if f.startswith("bin/")]
SHELL = [f for f in FILES if f.endswith(".sh")]
STEPS = [f for f in SHELL if f.startswith("steps/")]
RUNS = [f for f in SHELL if re.fullmatch(r"egs/[^/]+/(v1/)?run\.sh", f)]
RECIPES = sorted({os.path.dirname(f) for f in TRACKED if re.fullmatch(r"egs/[^/]+/(v1/)?run\.sh", f)})


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def code_lines(name):
    return [line for line in read(name).splitlines() if line.strip() and not line.lstrip().startswith("#")]


def test_the_rooms_are_there():
    for room in "egs steps utils local conf bin tests diarkit docs setup.py README.md".split():
        assert (ROOT / room).exists(), room


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_made_of_links_and_its_own_files(recipe):
    for name in ("steps", "utils", "bin", "local"):
        link = ROOT / recipe / name
        assert link.is_symlink() and link.resolve().is_dir(), link
    for name in ("cmd.sh", "path.sh"):
        assert read(f"{recipe}/{name}") == read(f"egs/TEMPLATE/{name}"), f"{recipe}/{name} differs from the TEMPLATE's"


@pytest.mark.parametrize("name", RUNS + STEPS)
def test_shell_lists_commands_within_forty_lines(name):
    assert len(code_lines(name)) <= 40
    assert not re.search(r"\bawk\b|\bsed\b|\bperl\b|\$\(\(", "\n".join(code_lines(name)))


@pytest.mark.parametrize("name", STEPS)
def test_a_steps_header_says_what_it_reads_and_writes(name):
    for word in ("# Usage: ", "# Reads:", "# Writes:"):
        assert word in read(name)


@pytest.mark.parametrize("name", BINARIES)
def test_a_binary_is_short_and_executable(name):
    assert read(name).count("\n") <= 60
    assert os.access(ROOT / name, os.X_OK) and read(name).startswith("#!/usr/bin/env python3\n")


@pytest.mark.parametrize("name", BINARIES)
def test_help_names_every_option(name, environment):
    done = subprocess.run([sys.executable, name, "--help"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith(ast.get_docstring(ast.parse(read(name))).splitlines()[0])
    assert "Usage: " + os.path.basename(name) in done.stdout


@pytest.mark.parametrize("name", LIBRARY)
def test_the_library_takes_arrays_and_gives_arrays(name):
    calls = {getattr(n.func, "id", "") for n in ast.walk(ast.parse(read(name))) if isinstance(n, ast.Call)}
    if name != "diarkit/cli.py":
        assert "print" not in calls and "argparse" not in read(name) and "sys.exit(" not in read(name)
    assert not re.search(r"^\s*(from|import) (utils|bin|steps|local)\b", read(name), re.M)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_calls_binaries_and_plumbing_only(name):
    assert not re.search(r"steps/\w+\.sh|run\.sh|\bpython3? ", "\n".join(code_lines(name)))


@pytest.mark.parametrize("name", LIBRARY)
def test_public_names_have_a_docstring_and_limits_hold(name):
    tree = ast.parse(read(name))
    assert read(name).count("\n") <= 250
    assert ast.get_docstring(tree), f"{name} has no docstring"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{name}: {node.name} has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno <= 40, f"{name}: {node.name} is too long"


def test_shell_files_pass_shellcheck():
    tool = shutil.which("shellcheck") or os.path.join(os.path.dirname(sys.executable), "shellcheck")
    assert os.path.exists(tool), "shellcheck is missing: pip install -r requirements-test.txt"
    names = [f for f in FILES if f.endswith(".sh") or f == ".ci/run"]
    done = subprocess.run([tool, "-x", "-s", "bash", "-S", "warning", "-e", "SC1090,SC1091,SC2154,SC2034", *names],
                          cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_no_module_shadows_the_standard_library():
    names = {os.path.splitext(os.path.basename(f))[0] for f in PYTHON if f.split("/")[0] in ("utils", "bin")}
    assert not names & set(sys.stdlib_module_names)


def test_the_project_speaks_of_itself_alone():
    machine = re.compile("/" + r"(work|root|home)/\w|" + "TO" + "DO|FIX" + "ME")
    found = [f for f in FILES if f.endswith((".py", ".sh", ".md", ".conf", ".tsv", ".txt")) and machine.search(read(f))]
    assert not found


def test_every_link_leads_to_a_place_in_the_house():
    links = [ROOT / f for f in TRACKED if (ROOT / f).is_symlink()]
    assert len(links) > 50
    for link in links:
        assert not os.path.isabs(os.readlink(link)) and link.resolve().exists() and ROOT in link.resolve().parents, link
