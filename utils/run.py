#!/usr/bin/env python3
"""Run tasks on this machine, several at once, each with a log of its own.

Usage: run.py [--mem 4G] [--gpu 1] [--time 2:00:00] [--num-threads 4] [--max-jobs-run N]
              [--retries N] [JOB=1:N] LOG COMMAND...

Kaldi's convention. JOB=1:4 runs the command four times, with JOB replaced by 1 to 4 wherever it stands as a whole
token, such as /JOB/ or .JOB. (any other name may stand for JOB). Words that are an operator or a redirection, such
as \\| or \\> or 2\\>out, have their meaning for the shell, under pipefail; all other words reach the command as they
are. A command that is one single word is shell text: run.py LOG 'sort x | uniq > y'.

Each task writes LOG, whose first line is the command, and LOG.rc with its exit status when it has ended: a task
without LOG.rc was killed. Exit status: 0 all went well, 1 some failed (all are run, the failed ones are listed),
2 wrong usage, 130 or 143 after Ctrl-C or a kill, which ends all tasks.

  --max-jobs-run N   most tasks at once; as many as there are CPUs, divided by --num-threads
  --num-threads N    threads of each task (OMP_NUM_THREADS and its like); 1
  --gpu N            GPUs of each task, which sees no others; 0, which hides none
  --retries N        how often a task is started again that was killed, not one whose command failed; 0
  --mem --time       for clusters; checked, of no effect on this machine
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import progress
import runner
import stopping
import tasks


class Crew:
    """Runs the tasks of a request in a few threads, and can end them all."""

    def __init__(self, request, slots):
        self.request, self.slots = request, slots
        self.waiting, self.running = iter(()), set()
        self.lock, self.stopping = threading.Lock(), False

    def run(self, numbers, alive):
        """Run these tasks. `alive` is called now and then and may raise."""
        self.waiting = iter(numbers)
        threads = [threading.Thread(target=self._work, args=(slot,), daemon=True) for slot in self.slots]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)
                alive()

    def _work(self, slot):
        """Run one task after the other with the environment variables of this slot."""
        while True:
            with self.lock:
                task = None if self.stopping else next(self.waiting, None)
                if task is None:
                    return
                process = self._start(task, slot)
                self.running.add(process)
            process.wait()
            with self.lock:
                self.running.discard(process)

    def _start(self, task, slot):
        # A session of its own makes a group that can be killed whole. Open files are passed on: while a task lives,
        # it keeps the lock of the step that started it, even if this runner is killed.
        script = tasks.task_script(self.request, task)
        return subprocess.Popen(["bash", "-c", script], env={**os.environ, **slot}, start_new_session=True,
                                close_fds=False)

    def kill(self, grace_s=3):
        """End all running tasks with everything they started: first politely, then for good."""
        with self.lock:
            self.stopping = True
            groups = [process.pid for process in self.running]
        send(groups, signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while send(groups, 0) and time.monotonic() < deadline:
            time.sleep(0.05)
        send(groups, signal.SIGKILL)


def send(groups, number):
    """Send a signal to process groups; return how many are still there."""
    count = 0
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            count += 1
    return count


def gpu_names():
    """Return the GPUs this process may use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name.strip() not in ("", "-1")]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True).stdout
    except OSError:
        return []
    return [str(n) for n, _ in enumerate(line for line in listed.splitlines() if line.startswith("GPU "))]


def make_slots(request):
    """Return one dict of environment variables for each task that may run at once."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    count = request.max_jobs_run or max(1, cpus // request.num_threads)
    if not request.gpu:
        return [{}] * min(count, len(request.tasks))
    names = gpu_names()
    if len(names) < request.gpu:
        runner.say(f"--gpu {request.gpu} is asked for, but this machine offers {len(names)} GPUs "
                   "(CUDA_VISIBLE_DEVICES, nvidia-smi -L). To use the CPU leave --gpu out: in a recipe see cmd.sh")
        sys.exit(1)
    shares = [",".join(names[i:i + request.gpu]) for i in range(0, len(names) - request.gpu + 1, request.gpu)]
    return [{"CUDA_VISIBLE_DEVICES": share} for share in shares[:min(count, len(request.tasks))]]


def run_all(request, crew):
    """Run all tasks, and those again that were lost, as often as is asked for."""
    shown, parted = progress.Progress(request, os.environ.get("DIARKIT_STEP_DIR")), stopping.step_watch()

    def alive():
        parted()
        shown.update()
    try:
        crew.run(request.tasks, alive)
        for number in range(1, request.retries + 1):
            lost = tasks.lost(request)
            if lost:
                runner.say(f"{len(lost)} tasks were lost, started again ({number} of {request.retries})")
                crew.run(lost, alive)
    finally:
        shown.close()


def main():
    """Run the tasks and end with the status of the whole."""
    request = runner.read_command_line(__doc__)
    crew = Crew(request, make_slots(request))
    stopping.watch_signals()
    try:
        tasks.prepare(request)
        run_all(request, crew)
    except stopping.Stopped as stop:
        crew.kill()
        runner.say(f"stopped by signal {stop.args[0]}, all tasks are ended")
        sys.exit(128 + stop.args[0])
    except OSError as error:
        crew.kill()
        runner.say(f"{error.filename}: {error.strerror}")
        sys.exit(1)
    sys.exit(tasks.report(request))


if __name__ == "__main__":
    main()
