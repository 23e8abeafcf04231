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
    """Return a function that raises Stopped once the step that started this runner has gone, killed for example."""
    parent = os.getppid()
    watched = os.environ.get("DIARKIT_STEP_PID") == str(parent)

    def alive():
        if watched and os.getppid() != parent:
            raise Stopped(signal.SIGTERM)
    return alive
