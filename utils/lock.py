"""One run at a time in a folder, also after kill -9, and with other hosts on a shared disk.

The lock is a flock on <out>/.lock, taken on a file that the step's shell has open: it holds until the shell and all
it started have ended, however they end. The file's text says who holds it. The file is never removed, for a removed
lock file can be held by one run while the next locks its successor.
"""

import errno
import fcntl
import json
import os
import socket
import sys
import time

from diarkit.errors import DiarkitError, named

WAIT_S = float(os.environ.get("DIARKIT_WAIT_S", 600))  # for the jobs of a run that was killed
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def take(out, descriptor, pid):
    """Take the lock of a folder for the process `pid`, on an open file inherited from it; return who was killed, or "".

    Raises DiarkitError that names the holder: host, pid and since when.
    """
    path = os.path.join(out, ".lock")
    holder = read_holder(path)
    alone = try_flock(descriptor)
    here = holder.get("host") == socket.gethostname()
    if alone is False and here and not is_running(holder["pid"]):
        alone = _wait_for_jobs(out, descriptor, holder)
    if alone is False:
        gone = here and not is_running(holder["pid"])
        raise DiarkitError(f"{out} is held by {describe(holder)}." + (
            " That process is gone, but jobs it started still run: wait for them or end them" if gone else
            " Wait until that run has ended, or end it"))
    if holder and not here:
        # A disk may keep locks to each host for itself, so that our lock says nothing about another one.
        raise DiarkitError(f"{out} is held by {describe(holder)}, another host, which cannot be asked from here. "
                           f"If that run is dead: rm {path}")
    if holder and alone is None and is_running(holder["pid"]):
        raise DiarkitError(f"{out} is held by {describe(holder)}. Wait until that run has ended, or end it")
    write_holder(path, {"host": socket.gethostname(), "pid": int(pid), "since": time.strftime("%F %T")})
    return describe(holder) if holder else ""


def _wait_for_jobs(out, descriptor, holder, most_s=WAIT_S):
    """Wait until the jobs of a run that was killed have ended, with a word; return try_flock's answer."""
    print(f"{out}: the run that held it ({describe(holder)}) is gone, jobs it started still end: waiting for them, at "
          f"most {most_s:.0f} s", file=sys.stderr, flush=True)
    end_s = time.monotonic() + most_s
    while (alone := try_flock(descriptor)) is False and time.monotonic() < end_s:
        time.sleep(0.2)
    return alone


def try_flock(descriptor):
    """Return True with the lock, False if another holds it, None where the disk knows no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in NO_LOCKS:
            return None
        raise


def release(out):
    """Say that nobody holds the folder; the flock itself ends with the processes that have the file open."""
    write_holder(os.path.join(out, ".lock"), None)


def read_holder(path):
    """Return {host, pid, since} of a lock file, {} where nobody is named."""
    try:
        with open(path, encoding="utf-8") as file:
            holder = json.loads(file.read())
        return {"host": str(holder["host"]), "pid": int(holder["pid"]), "since": str(holder["since"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_holder(path, holder):
    """Write who holds the lock into the lock file, in place, since the lock is on this very file."""
    with named(path), open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(holder) + "\n" if holder else "")


def describe(holder):
    """Return `host H, pid P, since T`."""
    if not holder:
        return "a run that has just begun or is ending"
    return f"host {holder['host']}, pid {holder['pid']}, since {holder['since']}"


def is_running(pid):
    """Tell whether a process of this host is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
