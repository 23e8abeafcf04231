"""What both engines need: Debian packages, free ports, and daemons in a private folder, ended by their process ids."""

import contextlib
import ctypes
import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")


class NotHere(Exception):
    """The engine cannot be brought up on this machine; says why."""


class Engine:
    """Daemons that live in one private folder; a context manager that ends them."""

    def __init__(self, name):
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir="/tmp"))  # short: the name of a socket has 107 bytes
        self.folder.chmod(0o755)
        self.env, self.daemons, self.commands = {}, {}, {}
        (self.folder / "log").mkdir()

    def launch(self, name, *words, **env):
        """Start a daemon in the foreground of a session of its own; it ends with this process."""
        self.commands[name] = words, env
        with open(self.folder / "log" / f"{name}.out", "ab") as out:
            self.daemons[name] = subprocess.Popen([str(w) for w in words], env={**os.environ, **self.env, **env},
                                                  stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                                  preexec_fn=_die_with_parent, start_new_session=True)
        with open(self.folder / "pids", "a") as file:
            file.write(f"{self.daemons[name].pid} {name}\n")

    def relaunch(self, name):
        """Start a daemon again that was killed."""
        words, env = self.commands[name]
        self.launch(name, *words, **env)

    def kill(self, name, number=signal.SIGKILL):
        """Send a signal to one daemon and wait for its end."""
        self.daemons[name].send_signal(number)
        try:
            self.daemons[name].wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.daemons[name].kill()
            self.daemons[name].wait()

    def call(self, *words, **more):
        """Run one of the engine's commands; return its CompletedProcess."""
        return subprocess.run([str(w) for w in words], env={**os.environ, **self.env}, capture_output=True, text=True,
                              timeout=60, **more)

    def wait_for(self, what, true, seconds=40):
        """Wait until a function returns something true; raises NotHere with the ends of all logs."""
        deadline = time.monotonic() + seconds
        while not true():
            dead = [name for name, daemon in self.daemons.items() if daemon.poll() is not None]
            if time.monotonic() > deadline or dead:
                raise NotHere(f"{what} did not come up{f', {dead} ended' if dead else ''}\n{self.logs()}")
            time.sleep(0.1)

    def logs(self, size=1500):
        """Return the end of every log."""
        files = sorted(p for p in self.folder.glob("log/*") if p.is_file())
        return "\n".join(f"== {p.name}\n{p.read_text(errors='replace')[-size:]}" for p in files)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in reversed(list(self.daemons)):
            if self.daemons[name].poll() is None:
                self.kill(name, signal.SIGTERM)
        for pid in self._left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _left(self):
        """Return the ids of what the daemons left: its environment or working folder names the private folder."""
        mark = os.fsencode(f"{self.folder}/")
        for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
            with contextlib.suppress(OSError):
                if pid != os.getpid() and (mark in Path(f"/proc/{pid}/environ").read_bytes()
                                           or os.fsencode(os.readlink(f"/proc/{pid}/cwd") + "/").startswith(mark)):
                    yield pid


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: also when the tests are killed


def install(programs, packages, answers=()):
    """Install Debian packages unless their programs are there. Raises NotHere."""
    if os.geteuid():
        raise NotHere("it needs root")
    if all(os.path.exists(program) for program in programs):
        return
    if not shutil.which("apt-get"):
        raise NotHere(f"{programs[0]} is absent and there is no apt-get")
    with open(os.path.join(tempfile.gettempdir(), "diarkit-apt.lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in parallel, dpkg does not
        if not all(os.path.exists(program) for program in programs):
            _install(packages, answers)


def _install(packages, answers):
    mine = not POLICY.exists()
    if mine:  # the packages' own start scripts are to stay quiet
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        if answers:
            _apt(["debconf-set-selections"], input="".join(f"{answer}\n" for answer in answers))
        _apt(["apt-get", "update", "-q"])
        _apt(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages])
    finally:
        if mine:
            POLICY.unlink()


def _apt(words, **more):
    done = subprocess.run(words, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, capture_output=True,
                          text=True, timeout=600, **more)
    if done.returncode:
        raise NotHere(f"{' '.join(words[:3])} failed: {(done.stdout + done.stderr)[-600:]}")


def free_ports(count):
    """Return the first of that many free TCP ports in a row, below Linux's range for outgoing connections."""
    for _ in range(200):
        first = random.randrange(20000, 32000 - count)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    raise NotHere("no free ports")
