"""Run the tasks of a request as arrays of a batch engine. Each task's own marker tells how it ended.

The engine is asked only about tasks without a marker, and never believed before a grace in which the marker may still
come, as on a shared disk it may.
"""

import os
import re
import sys
import tempfile
import time
from collections import Counter

import arrays
import dialects
import engine
import progress
import runner
import stopping
import tasks

from diarkit.errors import DiarkitError, os_message


class Batch:
    """One request on one engine."""

    def __init__(self, request, asked, run, alive):
        self.request, self.engine, self.run_folder, self.alive = request, asked, run, alive
        self.open, self.ended, self.why = {}, {}, {}      # task: (array, index), status, reason it was given up
        self.gone, self.submissions = {}, Counter()       # task: (since, State); task: how often it was submitted
        self.waiting_for, self.asked_s, self.silent = "", time.monotonic(), False
        self.shown = progress.Progress(request, os.environ.get("DIARKIT_STEP_DIR"))

    def run(self):
        """Run all tasks to their end."""
        chunks = self._chunks(list(self.request.tasks))
        began_s = time.monotonic()
        try:
            while chunks or self.open:
                # Each array obeys --max-jobs-run by itself, so that several must follow each other.
                while chunks and (not self.open or not self.request.max_jobs_run):
                    self._submit(chunks.pop(0))
                running = self._look()
                if self.open and self._is_time(began_s):
                    self._ask()
                self.shown.update(self.ended, running)
                if self.open:
                    self._pause(min(max((time.monotonic() - began_s) / 50, 0.1), 2))
        finally:
            self.shown.close()

    def _chunks(self, numbers):
        size = self.engine.largest_array()
        return [numbers[i:i + size] for i in range(0, len(numbers), size)]

    def _pause(self, seconds):
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self.alive()
            time.sleep(min(left_s, 0.5))

    def _submit(self, numbers):
        """Submit one array; while the engine does not answer, try again."""
        since_s, run, most = time.monotonic(), self.run_folder, min(self.request.max_jobs_run, len(numbers))
        name = run.new_name()
        script = run.write_script(name, numbers)
        while True:
            try:
                array = self.engine.submit(self.request, name, len(numbers), most, run.said_pattern(name), script)
                break
            except engine.Away as away:
                if time.monotonic() - since_s > self.engine.patience_s:
                    raise
                self._say_silent(away)
                self._pause(5)
                self._cancel(name)  # it may have taken the array without saying so
        self._say_answers()
        run.note(name, array)
        for index, task in enumerate(numbers, 1):
            self.open[task] = name, array, index
            self.submissions[task] += 1

    def _cancel(self, name):
        while True:
            try:
                return self.engine.cancel(name)
            except engine.Away:
                self._pause(5)

    def _look(self):
        """Take in the markers; return how many tasks are running."""
        ended, started = tasks.look(self.request, list(self.open))
        for task, status in ended.items():
            self.ended[task] = status
            del self.open[task]
            self.gone.pop(task, None)
        return len(started - self.gone.keys())

    def _is_time(self, began_s):
        """Tell whether to ask the engine: often at first or when a task is in doubt, seldom in a long run."""
        now_s = time.monotonic()
        every_s = 1 if self.gone else min(max((now_s - began_s) / 10, 1), self.engine.ask_s)
        if now_s - self.asked_s < every_s:
            return False
        self.asked_s = now_s
        return True

    def _ask(self):
        """Ask after the tasks without a marker, and give up those that the engine has lost."""
        try:
            states = self.engine.ask(self.run_folder.ids)
        except engine.Away as away:
            self._say_silent(away)
            return
        self._say_answers()
        now_s = time.monotonic()
        for task, (_, array, index) in self.open.items():
            state = states.get((array, index)) or states.get((array, 0)) or engine.State("absent", "", "")
            if state.phase in ("waiting", "running"):
                self.gone.pop(task, None)
            else:
                since_s, before = self.gone.get(task, (now_s, state))
                self.gone[task] = since_s, before if state.phase == "absent" else state
        late = [task for task, (since_s, state) in self.gone.items()
                if state.phase == "stuck"
                or now_s - since_s > (self.engine.silent_s if state.phase == "silent" else self.engine.grace_s)]
        if self.gone:
            self._refresh()
        if late:
            self._look()  # once more, with the folders fresh
            self._give_up([task for task in late if task in self.open])

    def _refresh(self):
        """Change the folders of the logs, so that a shared disk reads them anew instead of from its memory."""
        for folder in {os.path.dirname(self.request.log_of(task)) or "." for task in self.gone}:
            try:
                tempfile.TemporaryFile(dir=folder).close()
            except OSError:
                pass

    def _give_up(self, numbers):
        """Take tasks for lost; start those again for which that makes sense."""
        again = []
        for task in numbers:
            name, array, index = self.open[task]
            path = self.run_folder.said(name, index)
            said = tasks.tail(path) if os.path.exists(path) else []
            state = self._last_state(task, "\n".join(said))
            del self.open[task], self.gone[task]
            self.why[task] = state.words
            self._keep_words(task, [*said, state.words])
            if state.phase in ("stuck", "silent"):
                self._try_cancel(array, index)
            if state.phase in ("lost", "stuck", "silent") and self.submissions[task] <= self.request.retries:
                again.append(task)
        if again:
            tries = max(self.submissions[task] for task in again)
            runner.say(f"{len(again)} tasks were lost ({self.why[again[0]]}), started again "
                       f"({tries} of {self.request.retries})")
            for chunk in self._chunks(again):
                self._submit(chunk)

    def _try_cancel(self, array, index):
        try:
            self.engine.cancel_task(array, index)
        except DiarkitError:
            pass  # the end of the run cancels it once more

    def _last_state(self, task, said):
        """Return the State in which the engine last saw a task, from its notes or accounts where that says little."""
        _, array, index = self.open[task]
        state = self.gone[task][1]
        noted = [engine.State(phase, words, state.node) for expression, phase, words in self.engine.dialect.notes
                 if re.search(expression, said)]
        if noted and state.phase in ("absent", "lost"):
            return noted[0]
        if state.phase != "absent":
            return state
        known = self.engine.explain(array, index)
        if known:
            return known
        if not os.path.exists(self.request.log_of(task)):
            return engine.State("final", "has left the queue without being started: deleted?", "")
        return engine.State("lost", "has left the queue without leaving an exit status: killed?", "")

    def _keep_words(self, task, lines):
        """Append what the engine said to the log of a task that was given up."""
        try:
            with open(self.request.log_of(task), "a", encoding="utf-8") as file:
                file.writelines(f"# {self.engine.dialect.name}: {line}\n" for line in lines)
        except OSError:
            pass  # the folder of the logs has gone; the report has the words too

    def _say_silent(self, away):
        if not self.silent:
            runner.say(f"{self.engine.dialect.name} does not answer ({str(away).splitlines()[-1]}): waiting for it")
        self.silent = True

    def _say_answers(self):
        if self.silent:
            runner.say(f"{self.engine.dialect.name} answers again")
        self.silent = False

    def cancel(self, patience_s=30):
        """End what is left in the queue; tell whether nothing is."""
        self.run_folder.end()
        try:
            arrays.cancel_all(self.engine, self.run_folder.ids, patience_s)
            return True
        except DiarkitError as error:
            runner.say(f"the tasks may still be in the queue: {error}")
            return False


def main(name, doc):
    """Run the request of sys.argv on the engine of this name, and end with the status of the whole."""
    request = runner.read_command_line(doc)
    stopping.watch_signals()
    try:
        asked = engine.Engine(dialects.TABLE[name])
        tasks.prepare(request)
        sys.exit(run(request, asked, arrays.Run(request, asked.dialect)))
    except stopping.Stopped as stop:
        sys.exit(128 + stop.args[0])
    except (DiarkitError, OSError) as error:
        runner.say(os_message(error) if isinstance(error, OSError) else str(error))
        sys.exit(1)


def run(request, asked, folder):
    """Run a request; return its status. Whatever happens, nothing is left in the queue."""
    batch, clean = Batch(request, asked, folder, stopping.step_watch()), False
    try:
        batch.run()
        clean = not batch.why or batch.cancel()
    except stopping.Stopped as stop:
        clean = batch.cancel()
        runner.say(f"stopped by signal {stop.args[0]}" + ", all tasks are cancelled" * clean)
        raise
    except BaseException as error:
        refused = not any(folder.ids.values()) and not isinstance(error, engine.Away)
        clean = refused or batch.cancel()
        raise
    finally:
        if clean:
            folder.close()
    return tasks.report(request, batch.why)
