"""A run of arrays on disk: <out>/.arrays/<name>/ holds the scripts of its arrays, and `live` while the run lasts.

Tasks start only while `live` is there, and end soon after it has gone, even where the engine cannot reach them. It
names the engine, host and process, so that a later run on the same folder can end what a dead run left in the queue.
"""

import json
import os
import re
import secrets
import shlex
import shutil
import socket
import time

import dialects
import engine
import tasks

from diarkit.errors import DiarkitError
from diarkit.files import write_text

WATCH_S = 5  # how often a task looks whether its run lasts
HELD = ("PATH", "PYTHONPATH", "PYTHONUTF8", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV")  # a login shell may reset them
ARRAY = """\
#!/bin/bash
tasks=({numbers})
task=${{tasks[{index} - 1]}} live={live} marker={marker}
{exports}
cd {here} || {{ echo "$HOSTNAME does not see the folder of the recipe under this path"; exit 1; }}
for _ in 1 2 3 4 5; do [[ ! -e $live ]] || break; sleep 1; done
[[ -e $live ]] || exit 0            # the run has ended
[[ ! $marker -nt $live ]] || exit 0  # an engine may start a task again that has ended already
mkdir -p {folder}
(while sleep {watch}; do
   kill -0 $$ || exit
   [[ -e $live ]] || kill -KILL -- -$$ || kill -KILL $$
 done) </dev/null >/dev/null 2>&1 &
watch=$!
disown
{gpus}{body}"""
# A task that the engine ends must not leave the marker of a command that failed: the engine's second signal is awaited.
AFTER = """\
(( status <= 128 )) || sleep 1
kill $watch
mkdir -p {folder}
"""
# Where the engine counts GPUs but does not say which, free ones are taken, each with a lock until the task has ended.
GPUS = """\
take_gpus() {{
  CUDA_VISIBLE_DEVICES=${{CUDA_VISIBLE_DEVICES:-${{SGE_HGR_gpu:+${{SGE_HGR_gpu// /,}}}}}}
  local left={count} name file lock found=
  if [[ -z $CUDA_VISIBLE_DEVICES ]]; then
    for name in $(nvidia-smi -L 2>/dev/null | sed -n 's/^GPU \\([0-9]*\\):.*/\\1/p'); do
      (( left )) || break
      file=/tmp/diarkit-gpu.$name
      [[ -e $file ]] || : >>"$file"
      exec {{lock}}<"$file"
      if flock -n "$lock"; then found=$found,$name left=$(( left - 1 )); else exec {{lock}}<&-; fi
    done
    if (( left )); then
      echo "--gpu {count} is asked for, but {engine} gave this task no GPU and nvidia-smi finds too few free ones on" \\
        "$HOSTNAME. See --gpu in conf/backend/{engine}.conf; to use the CPU leave --gpu out, in a recipe see cmd.sh"
      return 1
    fi
    CUDA_VISIBLE_DEVICES=${{found#,}}
  fi
  export CUDA_VISIBLE_DEVICES
}}
"""


class Run:
    """The folder of one run of arrays, and their {name: id}."""

    def __init__(self, request, dialect):
        self.request, self.dialect = request, dialect
        stem = re.sub(r"\W+", "-", os.path.basename(request.log_of("")).removesuffix(".log")).strip("-_")
        self.name = f"diarkit-{stem[:40]}-{secrets.token_hex(4)}"
        out = os.environ.get("DIARKIT_STEP_DIR") or os.path.dirname(request.log) or "."
        self.here = working_folder()
        self.folder = os.path.normpath(os.path.join(self.here, out, ".arrays", self.name))
        self.ids = {}
        os.makedirs(self.folder)
        self._write_live()

    def _write_live(self):
        write_text(os.path.join(self.folder, "live"), [json.dumps({
            "engine": self.dialect.name, "host": socket.gethostname(), "pid": os.getpid(),
            "since": time.strftime("%F %T")})])

    def new_name(self):
        """Return the name of a new array; it is on disk before the engine hears of it."""
        name = f"{self.name}.{len(self.ids) + 1}"
        self.note(name, "")
        return name

    def note(self, name, array):
        """Keep the id that the engine gave an array."""
        self.ids[name] = array
        write_text(os.path.join(self.folder, "ids"), [f"{name} {array}" for name, array in self.ids.items()])

    def write_script(self, name, numbers):
        """Write the script of an array whose i-th task is the i-th of these task numbers; return its path."""
        request, log = self.request, self.request.log_of("\0")
        exports = [f"export {held}={shlex.quote(os.environ[held])}" for held in HELD if held in os.environ]
        folder = quote(os.path.dirname(log) or ".")
        gpus = GPUS.format(count=request.gpu, engine=self.dialect.name) if request.gpu else ""
        body = tasks.task_script(request, "\0", quote, "take_gpus && " if request.gpu else "",
                                 AFTER.format(folder=folder))
        # Statuses 99 and 100 are orders to Grid Engine.
        body = re.sub(r'exit "\$status"\n$', "exit $(( status != 0 ))\n", body)
        path = os.path.join(self.folder, f"{name}.sh")
        write_text(path, [ARRAY.format(
            numbers=" ".join(map(str, numbers)), index=self.dialect.index, marker=quote(log + ".rc"),
            live=quote(os.path.join(self.folder, "live")), exports="\n".join(exports), here=quote(self.here),
            folder=folder, watch=WATCH_S, gpus=gpus, body=body)])
        return path

    def said(self, name, index):
        """Return the file for what the engine itself says of a task."""
        return os.path.join(self.folder, f"{name}.{index}.out")

    def said_pattern(self, name):
        """Return the same for all tasks of an array, in the engine's own writing."""
        return os.path.join(self.folder.replace("%", "%%"), f"{name}.{self.dialect.index_in_name}.out")

    def end(self):
        """Have tasks that still run notice that the run has ended."""
        if os.path.exists(os.path.join(self.folder, "live")):
            os.replace(os.path.join(self.folder, "live"), os.path.join(self.folder, "ended"))

    def close(self):
        """Remove the folder: nothing of this run is in the queue any more."""
        remove(self.folder)


def quote(text):
    """Return a word for the shell, with a NUL in it replaced by the number of the task."""
    return shlex.quote(text).replace("\0", "'\"$task\"'")


def working_folder():
    """Return the path of the working folder as the user knows it: behind a link it may differ between machines."""
    shown = os.environ.get("PWD", "")
    return shown if os.path.isabs(shown) and os.path.isdir(shown) and os.path.samefile(shown, ".") else os.getcwd()


def remove(folder):
    """Remove the folder of a run, and the one around it with the last of them."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        os.rmdir(os.path.dirname(folder))
    except OSError:
        pass


def end_left_over(out, say):
    """End the arrays that runs on this folder left in the queue when they died. The caller holds the folder's lock.

    Raises DiarkitError where the engine cannot be asked.
    """
    around = os.path.join(out, ".arrays")
    for name in sorted(os.listdir(around)) if os.path.isdir(around) else []:
        folder = os.path.join(around, name)
        holder = _read_holder(folder)
        if holder:
            _end_run(folder, holder, say)
        remove(folder)


def _read_holder(folder):
    """Return {engine, host, pid, since, ids} of a run, {} where it submitted nothing."""
    try:
        live = next(path for name in ("live", "ended") if os.path.exists(path := os.path.join(folder, name)))
        with open(live, encoding="utf-8") as file, open(os.path.join(folder, "ids"), encoding="utf-8") as ids:
            return {**json.loads(file.read()), "ids": dict(line.rstrip("\n").split(" ") for line in ids)}
    except (OSError, ValueError, StopIteration):
        return {}


def _end_run(folder, holder, say):
    if os.path.exists(os.path.join(folder, "live")):
        os.replace(os.path.join(folder, "live"), os.path.join(folder, "ended"))
    row, ids = dialects.TABLE[holder["engine"]], holder["ids"]
    whose = f"host {holder['host']}, pid {holder['pid']}, since {holder['since']}"
    try:
        left = cancel_all(engine.Engine(row), ids)
    except DiarkitError as error:
        commands = "; ".join(" ".join(engine.fill(row.cancel, {"name": name})) for name in ids)
        raise DiarkitError(f"a run that has died ({whose}) may have left tasks in the queue of {row.name}, which "
                           f"cannot be asked from here: {error}\nWhere it can: {commands}\n"
                           f"Then: rm -r {folder}") from None
    if left:
        say(f"{left} tasks that a dead run ({whose}) had left in the queue of {row.name} are cancelled")


def cancel_all(asked, ids, patience_s=30):
    """Cancel the arrays {name: id} and wait until none of their tasks is in the queue; return how many there were.

    A task on a node that no longer answers may never leave it: after a while it counts as gone, for by then it has
    seen that its run has ended.
    """
    first, deadline = None, time.monotonic() + max(patience_s, 3 * WATCH_S)
    while True:
        count = sum(state.phase in ("waiting", "running", "stuck") for state in asked.ask(ids).values())
        first = count if first is None else first
        if first == count:
            for name in ids:
                asked.cancel(name)
        if not count or time.monotonic() > deadline:
            return first
        time.sleep(0.3)
