"""The tasks of a request on disk: the script of each, its log, its marker LOG.rc with the exit status, the report."""

import os
import shlex
import signal

import runner

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS",
           "VECLIB_MAXIMUM_THREADS")
SCRIPT = """\
{exports}
exec </dev/null >{log} 2>&1
printf '# %s\\n' {shown}
echo "# Started at $(date) on ${{HOSTNAME:-this machine}}"
{before}bash -o pipefail -c {command}
status=$?
{after}echo "# Ended (status $status) at $(date), elapsed time $SECONDS seconds"
echo "$status" >{marker}.tmp && mv -f {marker}.tmp {marker} || rm -f {marker}.tmp
exit "$status"
"""


def task_script(request, task, quote=shlex.quote, before="", after=""):
    """Return the bash script of one task: the command under pipefail, its log, and the marker LOG.rc at the end.

    before, after: shell text just before and after the command. quote: for a task number that the shell fills in.
    """
    log, command = request.log_of(task), request.fill(request.command, task)
    exports = "export " + " ".join(f"{name}={request.num_threads}" for name in THREADS)
    return SCRIPT.format(exports=exports, log=quote(log), marker=quote(log + ".rc"), before=before, after=after,
                         command=quote(command), shown=quote(command.replace("\n", "\n# ")))


def prepare(request):
    """Make the folders of the logs and remove logs and markers of earlier runs, so that none can pass for new."""
    for task in request.tasks:
        log = request.log_of(task)
        os.makedirs(os.path.dirname(log) or ".", exist_ok=True)
        for name in (log, log + ".rc"):
            if os.path.isfile(name):
                os.unlink(name)


def look(request, numbers):
    """Return ({task: status text} of those that have ended, the set of those that have started and not ended).

    One listing for each folder of logs, not one call for each task: a shared disk is slow to ask.
    """
    ended, started, names = {}, set(), {}
    for task in numbers:
        folder, name = os.path.split(request.log_of(task))
        if folder not in names:
            names[folder] = _listing(folder)
        if name + ".rc" in names[folder] and (text := status_of(request, task)) is not None:
            ended[task] = text
        elif name in names[folder]:
            started.add(task)
    return ended, started


def _listing(folder):
    try:
        return set(os.listdir(folder or "."))
    except OSError:
        return set()


def status_of(request, task):
    """Return the text of a task's marker, None where it is missing or not whole."""
    try:
        with open(request.log_of(task) + ".rc", encoding="ascii") as file:
            return file.read().strip() or None
    except (OSError, ValueError):
        return None


def lost(request):
    """Return the tasks that left no marker: no failure of their command, but of what ran it."""
    return [task for task in request.tasks if status_of(request, task) is None]


def failures(request, why=None):
    """Return [(log, reason)] of the tasks whose marker is missing or not 0. why: {task: reason} known otherwise."""
    failed = []
    for task in request.tasks:
        text = status_of(request, task)
        if text != "0":
            known = (why or {}).get(task) if text is None else None
            failed.append((request.log_of(task), known or _reason(text)))
    return failed


def _reason(text):
    if text is None:
        return "left no exit status: killed, or no room on the disk to write it"
    if text.isdigit() and 128 < int(text) <= 128 + signal.NSIG:
        return f"status {text}, killed by signal {int(text) - 128}" + (", perhaps out of memory" * (text == "137"))
    return f"status {text}"


def report(request, why=None):
    """Say which tasks failed, with their logs and the end of the first one; return the exit status."""
    failed = failures(request, why)
    if not failed:
        return 0
    lines = [f"{len(failed)} of {len(request.tasks)} jobs failed, see"]
    lines += [f"  {log} ({reason})" for log, reason in failed[:10]]
    lines += [f"  and {len(failed) - 10} more"] if len(failed) > 10 else []
    lines += [f"the end of {failed[0][0]}:"] + [f"  {line}" for line in tail(failed[0][0])]
    runner.say("\n".join(lines))
    return 1


def tail(path, count=12, size=8192):
    """Return the last lines of a log."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - size))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]
    except OSError:
        return ["(there is no such file: the job was never started)"]
