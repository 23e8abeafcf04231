"""Run a script of local/<corpus> within the test's own process: the same words as on its command line."""

import importlib.util
import sys
from types import SimpleNamespace

from conftest import ROOT

from diarkit import cli
from diarkit.errors import DiarkitError


def load(name):
    """Return the module of local/<name>, its folder being where it finds its neighbours."""
    path = ROOT / "local" / name
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(name.replace("/", "_")[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(path.parent))
    return module


def runner(module, names, classes, capsys):
    """Return a function of command line words that gives .returncode and .stderr, as a process would."""
    def run(*words):
        positionals, objects = cli.parse(list(map(str, words)), module.__doc__, names, classes)
        try:
            module.main(*positionals, *objects)
            return SimpleNamespace(returncode=0, stderr=capsys.readouterr().err)
        except DiarkitError as error:
            return SimpleNamespace(returncode=1, stderr=f"{capsys.readouterr().err}{error}\n")
    return run
