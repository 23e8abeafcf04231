"""Errors that a user can mend: each message names the place, the numbers and the cure."""


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
