"""Errors that a user can mend: each message names the place, the numbers and the cure."""

import contextlib
import errno
import os

FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk, or this user's share of it


class DiarkitError(Exception):
    """Bad input or a failed piece of work; ends a binary with exit status 1."""


class UsageError(DiarkitError):
    """A wrong command line or configuration file; ends a binary with exit status 2."""


class KeysFailed(DiarkitError):
    """Some keys of a table failed while the others were written; lists every failed key.

    failures: list of (key, message).
    """

    def __init__(self, failures, total):
        self.failures = list(failures)
        lines = [f"{len(self.failures)} of {total} failed, the others are written:"]
        lines += [f"  {key}: {message}" for key, message in self.failures]
        super().__init__("\n".join(lines))


def data_error(path, line, what, mend=""):
    """Return a DiarkitError that reads `path:line: what. How to mend it.`"""
    where = f"{path}:{line}" if line else f"{path}"
    what = what.rstrip(".")
    return DiarkitError(f"{where}: {what}. {mend}".rstrip())


@contextlib.contextmanager
def named(path):
    """Give an OSError that names no file, as that of a write to a full disk, this one."""
    try:
        yield
    except OSError as error:
        if error.errno and not error.filename:
            error.filename = os.fspath(path)
        raise


def os_message(error):
    """Return an OSError as `file: reason`, with the cure where there is a plain one; a full disk is named."""
    name = f"{os.fsdecode(error.filename)}: " if error.filename else ""
    cure = {errno.EACCES: " Check the permissions."}.get(error.errno, "")
    if error.errno in FULL:
        cure = f"{_disk(error.filename)} Free some space and run the same command again."
    return f"{name}{error.strerror or error}.{cure}"


def _disk(path):
    """Return ` The disk at <mount point> has <free> of <size> left.` for a file on it, "" where that cannot be told."""
    try:
        folder = os.path.realpath(os.path.dirname(path or ""))
        while not os.path.ismount(folder):
            folder = os.path.dirname(folder)
        sizes = os.statvfs(folder)
    except (OSError, TypeError):
        return ""
    free_mb, all_mb = (blocks * sizes.f_frsize / 1e6 for blocks in (sizes.f_bavail, sizes.f_blocks))
    return f" The disk at {folder} has {free_mb:.2f} of {all_mb:.2f} MB left." if path else ""
