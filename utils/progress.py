"""How far a run is: a bar on a terminal, now and then a plain line in a log."""

import os
import sys
import time

import runner
import tasks


class Progress:
    """Says `312/20000 recordings, 14 tasks running, 1 failed`; recordings where the step tells how many are in a task.

    folder: of the step, whose parts/.counts has one line `<task> <recordings>`, task 0 for what was finished before.
    """

    def __init__(self, request, folder=None, every_s=60, terminal=None, clock=time.monotonic):
        self.request, self.every_s, self.clock = request, every_s, clock
        self.terminal = sys.stderr.isatty() if terminal is None else terminal
        self.counts = read_counts(folder) if folder else {}
        self.said_s, self.bar, self.ended = clock(), None, {}

    def update(self, ended=None, running=None):
        """Show how far it is, if it is time. ended, running: what is known already, else the logs are looked at."""
        if self.clock() - self.said_s < (1 if self.terminal else self.every_s):
            return
        if ended is None:
            found, started = tasks.look(self.request, [t for t in self.request.tasks if t not in self.ended])
            self.ended.update(found)
            ended, running = self.ended, len(started)
        self.said_s = self.clock()
        if self.terminal:
            self._draw(ended, running)
        else:
            runner.say(self.words(ended, running))

    def amounts(self, ended):
        """Return (done, all, unit) of {task: status}."""
        good = [task for task, status in ended.items() if status == "0"]
        if not self.counts:
            return len(good), len(self.request.tasks), "tasks"
        return self.counts.get(0, 0) + sum(self.counts.get(t, 0) for t in good), sum(self.counts.values()), "recordings"

    def state(self, ended, running):
        """Return `14 tasks running, 1 failed`."""
        failed = sum(status != "0" for status in ended.values())
        return f"{running} task{'s' * (running != 1)} running, {failed} failed"

    def words(self, ended, running):
        """Return the whole line."""
        done, total, unit = self.amounts(ended)
        return f"{done}/{total} {unit}, {self.state(ended, running)}"

    def _draw(self, ended, running):
        done, total, unit = self.amounts(ended)
        if self.bar is None:
            from tqdm import tqdm  # here, for a run without a terminal needs no bar
            self.bar = tqdm(total=total, unit=" " + unit, file=sys.stderr, leave=False)
        self.bar.set_postfix_str(self.state(ended, running), refresh=False)
        self.bar.n = done
        self.bar.refresh()

    def close(self):
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def read_counts(folder):
    """Return {task: recordings} of a step's split, {} where it does not tell."""
    try:
        with open(os.path.join(folder, "parts", ".counts"), encoding="ascii") as file:
            return {int(task): int(count) for task, count in (line.split() for line in file)}
    except (OSError, ValueError):
        return {}
