"""Piped table entries, `command |`: run with every exit status checked."""

import subprocess
import tempfile

from diarkit.errors import DiarkitError


def run_pipe(command, stdout):
    """Run a piped entry (`command |`) under pipefail, its output going to the open file `stdout`.

    Raises DiarkitError with the status and the end of stderr when any part of the pipe fails.
    """
    command = command.strip().rstrip("|").strip()
    with tempfile.TemporaryFile() as words:
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], stdout=stdout, stderr=words,
                              stdin=subprocess.DEVNULL)
        words.seek(max(words.tell() - 300, 0))
        said = words.read().decode("utf-8", "replace").strip()
    if done.returncode:
        raise DiarkitError(f"the command `{command}` failed with status {done.returncode}: {said or 'no message'}")


def pipe_output(command):
    """Return the bytes that a piped entry (`command |`) prints; errors as in run_pipe."""
    with tempfile.TemporaryFile() as file:
        run_pipe(command, file)
        file.seek(0)
        return file.read()
