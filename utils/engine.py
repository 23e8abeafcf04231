"""A batch engine: submit an array, ask after its tasks, cancel. What differs between engines stands in dialects.py."""

import math
import os
import pwd
import re
import shlex
import subprocess
from collections import namedtuple

from diarkit.errors import DiarkitError, UsageError
from diarkit.options import read_conf

# node and words may be empty; phase: see dialects.py
State = namedtuple("State", "phase words node")
# What belongs to this machine or to a job that this runner itself may run in is no business of the tasks.
PRIVATE = re.compile(r"CUDA_VISIBLE_DEVICES|GPU_DEVICE_ORDINAL|ROCR_VISIBLE_DEVICES|TMPDIR|HOSTNAME|BASH_FUNC_.*"
                     r"|DIARKIT_(STEP_.*|RUN_PID)|SLURM_(?!CONF$|CLUSTERS$).*|SLURMD_.*|SGE_(TASK|STD|JOB|CWD|O_).*|JOB_ID|PE|NSLOTS")
LIMITS = {"grace-s": 20.0, "silent-s": 180.0, "ask-s": 30.0, "patience-s": 900.0}


class Away(DiarkitError):
    """The engine does not answer now."""


class Engine:
    """One engine with a site's settings."""

    def __init__(self, dialect, conf=None):
        self.dialect, self.settings = dialect, read_settings(dialect, conf)
        self.grace_s, self.silent_s, self.ask_s, self.patience_s = (self.settings[name] for name in LIMITS)

    def call(self, words, timeout_s=60):
        """Run one of the engine's commands; return its CompletedProcess.

        Raises Away where it takes too long, DiarkitError where there is no such program.
        """
        env = {name: value for name, value in os.environ.items() if not PRIVATE.fullmatch(name)}
        try:
            return subprocess.run(words, env=env, capture_output=True, text=True, errors="replace", timeout=timeout_s,
                                  stdin=subprocess.DEVNULL)
        except FileNotFoundError:
            raise DiarkitError(f"{words[0]} is not on PATH: is this a machine from which {self.dialect.name} takes "
                               "jobs? DIAR_BACKEND=local runs on this one") from None
        except subprocess.TimeoutExpired:
            raise Away(f"{words[0]} timed out") from None

    def submit(self, request, name, count, most, out, script):
        """Submit an array of `count` tasks, `most` at once; return its id. Raises Away; DiarkitError where refused."""
        dialect, asked = self.dialect, self.resources(request)
        words = fill(f"{dialect.submit} {dialect.span_most if most else dialect.span}",
                     {"name": name, "out": out, "count": count, "most": most})
        done = self.call([*words, *asked, *shlex.split(dialect.program), script])
        said = (done.stdout + done.stderr).strip()
        if done.returncode:
            if re.search(dialect.away, said):
                raise Away(said)
            raise DiarkitError(f"{dialect.name} refused the jobs: {said}\nWhat was asked for: "
                               f"{shlex.join(asked) or 'nothing'}. See conf/backend/{dialect.name}.conf and cmd.sh")
        match = re.search(dialect.array_id, done.stdout.strip(), re.M)
        if not match:
            raise DiarkitError(f"{dialect.name}: there is no id in the answer {said!r}")
        return match[1]

    def resources(self, request):
        """Return the words that ask for what a request and the site want."""
        settings, values = self.settings, amounts(request)
        words = []
        for name, template in self.dialect.site.items():
            if settings[name]:
                words += fill(template, {"value": settings[name]})
        wanted = {"mem": request.mem, "time": request.time, "threads": request.num_threads > 1, "gpu": request.gpu}
        for name, asked in wanted.items():
            if asked:
                try:
                    words += fill(settings[name], values)
                except (KeyError, IndexError, ValueError):
                    raise UsageError(f"conf/{self.dialect.name}.conf: --{name}={settings[name]} may name "
                                     f"{' '.join(f'{{{key}}}' for key in values)}") from None
        return words + shlex.split(settings["options"])

    def ask(self, arrays):
        """Return {(id, index): State} of all tasks of {name: id} that the engine knows. Raises Away."""
        done = self.call(fill(self.dialect.query, {"names": ",".join(arrays), "user": user_name()}))
        if done.returncode:
            raise Away((done.stderr or done.stdout).strip())
        found = {key: state for key, state in read_answer(self.dialect, done.stdout).items()
                 if key[0] in arrays.values()}
        return self._without_dead(found) if self.dialect.dead_nodes else found

    def _without_dead(self, found):
        """Return the states with the tasks on nodes that do not answer as silent."""
        if not any(state.phase == "running" for state in found.values()):
            return found
        dead = self.call(fill(self.dialect.dead_nodes, {})).stdout.split()
        lost = {state.node for state in found.values() if state.node and any(n.startswith(state.node) for n in dead)}
        return {key: State("silent", f"its node {state.node} does not answer", state.node)
                if state.phase == "running" and state.node in lost else state for key, state in found.items()}

    def explain(self, array, index):
        """Return the State of a task that the query has forgotten, from the engine's accounts; None without any."""
        if not self.dialect.explain:
            return None
        try:
            done = self.call(fill(self.dialect.explain, {"id": array, "index": index}), timeout_s=10)
        except DiarkitError:
            return None
        lines = [line.strip() for line in done.stdout.splitlines()]
        ends = [line for line in lines if re.match(r"failed +[^ 0]", line)]
        return judge(self.dialect, ends[-1]) if ends else None

    def cancel(self, name):
        """Cancel an array by its name; an array that is not there is as good. Raises Away."""
        done = self.call(fill(self.dialect.cancel, {"name": name}))
        if done.returncode and re.search(self.dialect.away, done.stderr + done.stdout):
            raise Away((done.stderr or done.stdout).strip())

    def cancel_task(self, array, index):
        """Cancel one task. Raises Away."""
        self.call(fill(self.dialect.cancel_task, {"id": array, "index": index}))

    def largest_array(self):
        """Return how many tasks an array may have."""
        command, expression, less = self.dialect.limit
        match = re.search(expression, self.call(fill(command, {})).stdout)
        return max(int(match[1]) - less, 1) if match and int(match[1]) else 1000


def fill(template, values):
    """Return the words of a template, each filled by itself, so that a value with blanks stays one word."""
    return [word.format(**values) for word in shlex.split(template)]


def user_name():
    """Return the name of the user as engines know it."""
    return pwd.getpwuid(os.geteuid()).pw_name


def read_settings(dialect, conf=None):
    """Return the settings of an engine, its defaults and above them conf/backend/<name>.conf, where there is one."""
    settings = {**dict.fromkeys(dialect.site, ""), **dialect.wants, "options": "", **LIMITS}
    path = conf or f"conf/backend/{dialect.name}.conf"
    for name, text, where in read_conf(path, settings) if conf or os.path.exists(path) else []:
        try:
            settings[name] = float(text) if name in LIMITS else text
        except ValueError:
            raise UsageError(f"{where}: --{name} must be a number of seconds, not {text!r}") from None
    return settings


def amounts(request):
    """Return what a request asks for in the units that engines know."""
    seconds, mem_mb = time_s(request.time or "0"), memory_mb(request.mem or "0")
    return {"mem_mb": mem_mb, "mem_mb_per_thread": math.ceil(mem_mb / request.num_threads), "seconds": seconds,
            "minutes": math.ceil(seconds / 60), "threads": request.num_threads, "gpu": request.gpu}


def memory_mb(text):
    """Return MiB of 4G, 512M, 1.5T; a number alone counts MiB, as for Slurm."""
    unit = text[-1] if text[-1] in "KMGT" else "M"
    return math.ceil(float(text.rstrip("KMGT")) * 1024.0 ** ("KMGT".index(unit) - 1))


def time_s(text):
    """Return seconds of 90 (minutes), 90:00, 1:30:00, 1-2 (days, hours), 1-2:00 or 1-2:00:00, Slurm's ways."""
    days, dash, rest = text.rpartition("-")
    parts = [int(part) for part in rest.split(":")]
    units = (3600, 60, 1) if dash or len(parts) == 3 else (60, 1)
    return int(days or 0) * 86400 + sum(part * unit for part, unit in zip(parts, units))


def read_answer(dialect, text):
    """Return {(id, index): State} of what a query printed, index 0 for all tasks that have no line of their own.

    Raises Away where it cannot be read.
    """
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(dialect.row, line)
        if match:
            parts = match.groupdict()
            words = f"{parts['state']} {parts.get('reason') or ''}"
            index = int(parts["index"]) if (parts["index"] or "").isdecimal() else 0
            found[parts["job"], index] = judge(dialect, words, parts["node"] or "")
        elif line.strip() and not re.fullmatch(dialect.heading, line.strip()):
            raise Away(f"an answer that cannot be read: {line!r}")
    return found


def judge(dialect, said, node=""):
    """Return the State behind what the engine says of a task."""
    phase, words = next((phase, words) for expression, phase, words in dialect.phases if re.match(expression, said))
    said = re.sub(r"\s+", " ", said).replace(" None", "").strip()
    return State(phase, f"{words} ({said}{f' on {node}' if node else ''})" if words else said, node)
