"""How a runner is told to end: signals, and the death of the step that started it."""

import os
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """A signal asks the runner to end; its number is the argument."""


def watch_signals():
    """Have the first signal raise Stopped in the main thread."""
    for name in SIGNALS:
        if name != signal.SIGHUP or signal.getsignal(name) != signal.SIG_IGN:  # under nohup it stays ignored
            signal.signal(name, _on_signal)


def _on_signal(number, frame):
    for name in SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise Stopped(number)


def step_watch():
    """Return a function that raises Stopped once the step behind this runner, or the recipe behind that, has gone."""
    step = os.getppid()
    recipe = parent_of(step)
    watches_step = os.environ.get("DIARKIT_STEP_PID") == str(step)
    watches_recipe = watches_step and os.environ.get("DIARKIT_RUN_PID") == str(recipe)

    def alive():
        if watches_step and os.getppid() != step or watches_recipe and parent_of(step) != recipe:
            raise Stopped(signal.SIGTERM)
    return alive


def parent_of(pid):
    """Return the process that a process belongs to, None where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None
