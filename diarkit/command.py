"""Find out who spoke when in recordings: files, folders of them, or `-` for standard input.

Prints the turns, or writes <out>/<recording>.<format> for each recording and format. Any format, rate and number of
channels; films give their sound. What cannot be read is named and passed over, and the exit status is then 1.
`diarkit --version` prints the version.
"""

import contextlib
import io
import os
import sys

from diarkit import cli
from diarkit.cluster.options import CountOptions
from diarkit.datadir.recordings import EXTENSIONS, make_ids, walk
from diarkit.errors import DiarkitError, UsageError
from diarkit.files import atomic
from diarkit.formats.registry import WRITABLE, file_name
from diarkit.options import opt, options


@options
class OutputOptions:
    """Output"""

    out: str | None = opt(None, "folder for the results, made where it is not there (none: the screen)")
    format: str = opt("rttm", "formats with commas: " + " ".join(WRITABLE))
    exclusive: bool = opt(False, "one speaker at a time, as transcripts want it")

    @property
    def formats(self):
        """The formats as a list."""
        return [word.strip() for word in self.format.split(",") if word.strip()]

    def check(self):
        wrong = [word for word in self.formats if word not in WRITABLE]
        if wrong or not self.formats:
            raise UsageError(f"--format must be a list with commas of {', '.join(WRITABLE)}, not {self.format!r}")
        if len(self.formats) > 1 and not self.out:
            raise UsageError("several formats need a folder. Give --out DIR")


def main():
    """Run the command `diarkit`."""
    argv = sys.argv[1:]
    if argv == ["--version"]:
        from diarkit import __version__

        sys.stdout.write(f"diarkit {__version__}\n")
        return
    from diarkit.api import DiarizerOptions

    cli.run(diarize_all, __doc__, ("audio", "[audio...]"), OutputOptions, CountOptions, DiarizerOptions)


def diarize_all(first, others, output, count, diarizer_options):
    """Diarize every recording that is named; the others go on where one fails."""
    from diarkit.api import Diarizer, bar

    recordings = find([first, *others])
    if output.out:
        os.makedirs(output.out, exist_ok=True)
    diarizer = Diarizer(diarizer_options)

    def one(name, path):
        audio = io.BytesIO(sys.stdin.buffer.read()) if path == "-" else path
        progress = bar() if sys.stderr.isatty() else None
        found = diarizer(audio, count.num_speakers, count.min_speakers, count.max_speakers, name, progress)
        _write(name, found, output)
        for note in found.notes:
            cli.log(f"note: {path}: {note}")
        least = count.num_speakers or count.min_speakers or 0
        if found.turns and len(found.speakers) < least:
            cli.log(f"note: {path}: {least} speakers were asked for, {len(found.speakers)} found: nobody else speaks")
        where = f" -> {output.out}/{name}.{','.join(output.formats)}" if output.out else ""
        cli.log(f"{path}: {found.duration_s:.1f} s, {len(found.speakers)} speakers, {len(found.turns)} turns{where}")

    cli.for_each(recordings.items(), one, len(recordings))


def find(words):
    """Return {name: path} of files and folders, "-" for standard input; a folder is searched at any depth.

    Raises DiarkitError for a folder without recordings. A file that is not there fails in its turn.
    """
    paths = []
    for word in words:
        if word != "-" and os.path.isdir(word):
            inside = [os.path.join(word, inner) for inner in sorted(walk(word, EXTENSIONS))]
            if not inside:
                raise DiarkitError(f"{word}: no recording in this folder. Give one with files such as .wav or .mp3")
            paths += inside
        else:
            paths.append(word)
    paths = list(dict.fromkeys(paths))
    shown = {path: os.path.basename(path) if path != "-" else "stdin" for path in paths}
    if len(set(shown.values())) < len(paths):  # files of one name in two folders keep what tells them apart
        shown = {path: path.strip(os.sep) for path in paths}
    names = make_ids(list(shown.values()))
    return {names[inner]: path for path, inner in shown.items()}


def _write(name, found, output):
    for form in output.formats:
        text = found.to(form, exclusive=output.exclusive)
        if output.out:
            with atomic(os.path.join(output.out, file_name(name, form))) as file:
                file.write(text)
        else:
            with contextlib.suppress(BrokenPipeError):
                sys.stdout.write(text)
                sys.stdout.flush()

