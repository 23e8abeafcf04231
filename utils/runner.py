"""What every runner shares: Kaldi's command line, and how it speaks."""

import dataclasses
import os
import re
import shlex
import sys

USAGE = ("[--mem 4G] [--gpu 1] [--time 2:00:00] [--num-threads 4] [--max-jobs-run N] [--retries N] [JOB=1:N] "
         "LOG COMMAND...")
CHECKS = {
    "mem": (r"\d+(\.\d+)?[KMGT]?", "such as 4G"),
    "time": (r"(\d+-)?\d+(:\d\d){0,2}", "such as 2:00:00"),
    "gpu": (r"\d+", "a whole number"),
    "num_threads": (r"[1-9]\d*", "a whole number above 0"),
    "max_jobs_run": (r"[1-9]\d*", "a whole number above 0"),
    "retries": (r"\d+", "a whole number"),
}
NUMBERS = ("gpu", "num_threads", "max_jobs_run", "retries")
RANGE = re.compile(r"([A-Za-z_]\w*)=(\d+)(?::(\d+))?")
# A word that is an operator or a redirection keeps its meaning for the shell, as in run.pl: `a.py \| b.py \> out`.
OPERATOR = re.compile(r"\||\|\||\|&|&&|;|\(|\)|\{|\}|!|\d*(>|>>|>\||<|<>|&>|&>>)([\w@%+=:,./~-]*)|\d*[<>]&(\d+|-)")


class Wrong(Exception):
    """A wrong command line."""


@dataclasses.dataclass(frozen=True)
class Request:
    """One call of a runner: what the tasks may ask for, their numbers, log name and command."""

    log: str
    command: str
    name: str = ""
    first: int = 1
    last: int = 1
    mem: str = ""
    time: str = ""
    gpu: int = 0
    num_threads: int = 1
    max_jobs_run: int = 0
    retries: int = 0

    @property
    def tasks(self):
        """The task numbers."""
        return range(self.first, self.last + 1)

    def fill(self, text, task):
        """Replace JOB in a text by a task number, where it stands as a whole token such as /JOB/ or .JOB."""
        return re.sub(rf"(?<![\w-]){self.name}(?![\w-])", str(task), text) if self.name else text

    def log_of(self, task):
        """Return the log file of a task; its marker is this name and .rc."""
        return self.fill(self.log, task)


def quote(word):
    """Return a word of the command as the shell must see it: an operator as it is, anything else as plain data."""
    return word if OPERATOR.fullmatch(word) else shlex.quote(word)


def join(words):
    """Return the shell text of a command; a single word is shell text already: run.py LOG 'sort x | uniq > y'."""
    return words[0] if len(words) == 1 else " ".join(map(quote, words))


def parse(words):
    """Return the Request of a runner's arguments. Raises Wrong."""
    rest, values = list(words), {}
    while rest:
        word = rest.pop(0)
        span = RANGE.fullmatch(word)
        if span:
            values.update(_span(word, *span.groups()))
        elif word.startswith("-"):
            name, value = _option(word, rest)
            values[name] = int(value) if name in NUMBERS else value
        else:
            return _request(word, rest, values)
    raise Wrong("no LOG and no COMMAND")


def _span(word, name, first, last):
    first, last = int(first), int(last or first)
    if not 1 <= first <= last:
        raise Wrong(f"{word}: the task numbers must run upwards from 1 or more")
    return {"name": name, "first": first, "last": last}


def _option(word, rest):
    flag, equals, value = word.partition("=")
    name = flag[2:].replace("-", "_")
    if not flag.startswith("--") or name not in CHECKS:
        raise Wrong(f"unknown option {flag}")
    if not equals:
        if not rest:
            raise Wrong(f"{flag} needs a value")
        value = rest.pop(0)
    pattern, shape = CHECKS[name]
    if not re.fullmatch(pattern, value):
        raise Wrong(f"{flag} must be {shape}, not {value!r}")
    return name, value


def _request(log, words, values):
    if not words:
        raise Wrong(f"no COMMAND after the log {log}")
    request = Request(log=log, command=join(words), **values)
    if request.first != request.last and request.log_of(0) == log:
        raise Wrong(f"{log}: the tasks would share one log, {request.name} must stand in its name, "
                    f"as in log/x.{request.name}.log")
    return request


def read_command_line(doc):
    """Return the Request of sys.argv; ends with help and 0, or with one clear message and 2."""
    if sys.argv[1:2] in (["--help"], ["-h"]):
        print(doc.strip())
        sys.exit(0)
    try:
        return parse(sys.argv[1:])
    except Wrong as error:
        say(f"{error}\nUsage: {os.path.basename(sys.argv[0])} {USAGE}")
        sys.exit(2)


def say(words):
    """Write words to stderr, under the runner's name."""
    print(f"{os.path.basename(sys.argv[0])}: {words}", file=sys.stderr, flush=True)
