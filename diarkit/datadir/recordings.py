"""Find the recordings in a folder and give each an id."""

import hashlib
import os
import unicodedata
from collections import Counter
from typing import NamedTuple

import soundfile

from diarkit.datadir.scan import id_fault

MORE_NAMES = ("aif aifc oga opus snd sph bwf mp1 mp2 mpga m4a m4b mp4 aac wma wmv webm mka mkv amr ac3 3gp 3g2 mov avi "
              "ts")
EXTENSIONS = ({name.lower() for name in soundfile.available_formats()} - {"raw"}) | set(MORE_NAMES.split())


class Recording(NamedTuple):
    """One audio file: its id, its path as wav.scp has it, its path within the folder."""

    id: str
    path: str
    inner: str

    @property
    def stem(self):
        """The file's name without folder and extension."""
        return os.path.splitext(os.path.basename(self.inner))[0]


def find_audio(audio):
    """Return ({path within the folder: path}, {path within the folder: why it cannot be used}) of a file or a folder.

    Every extension of sound is looked at, in any case, at any depth; hidden files and folders are passed over, links
    are followed once. What libsndfile cannot read turns out when the file is opened, so that no recording is missed
    without a word.
    """
    audio = f"./{audio}" if audio[:1].isspace() else audio
    folder, inner = (audio, sorted(walk(audio, EXTENSIONS))) if os.path.isdir(audio) else \
        (os.path.dirname(audio), [os.path.basename(audio)])
    faults = {printable(name): fault for name in inner if (fault := name_fault(name))}
    return {name: os.path.join(folder, name) for name in inner if not name_fault(name)}, faults


def walk(folder, extensions):
    """Yield the paths within `folder` of all visible files with one of these extensions (lower case, no dot)."""
    seen = set()
    for here, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        folders[:] = [] if real in seen else sorted((f for f in folders if not f.startswith(".")),
                                                    key=lambda f: (os.path.islink(os.path.join(here, f)), f))
        names = names if real not in seen else []
        seen.add(real)
        for name in names:
            if not name.startswith(".") and os.path.splitext(name)[1][1:].lower() in extensions:
                yield os.path.relpath(os.path.join(here, name), folder)


def name_fault(name):
    """Return why a file's name cannot stand in wav.scp, "" when it can."""
    if printable(name) != name:
        return "its name is not UTF-8. Rename the file"
    return "its name holds a line break. Rename the file" if "\n" in name or "\r" in name else ""


def printable(name):
    """Return a file name with the bytes that are no UTF-8 escaped."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def clean_id(name):
    """Return a name as an id: blanks, / and what cannot be printed become _, and accents join their letters (NFC)."""
    name = unicodedata.normalize("NFC", name)
    name = "".join("_" if c.isspace() or c == "/" or not c.isprintable() else c for c in name)
    return f"_{name}" if id_fault(name) else name


def make_ids(names):
    """Return {path within the folder: id}; the id is the path without extension, cleaned.

    Files that would share an id keep their extension (talk.wav, talk.flac); if that does not part them (x/y.wav and
    x_y.wav), they get 8 hex digits of their path's SHA-256. An id never depends on the order of the files.
    """
    forms = (lambda name: clean_id(os.path.splitext(name)[0]), clean_id,
             lambda name: f"{clean_id(name)}-{hashlib.sha256(name.encode()).hexdigest()[:8]}")
    level = dict.fromkeys(names, 0)
    while True:
        ids = {name: forms[level[name]](name) for name in names}
        count = Counter(ids.values())
        shared = [name for name in names if count[ids[name]] > 1]
        if not shared:
            return ids
        for name in shared:
            level[name] += 1


def common_stems(recordings):
    """Return the file names without extension that several recordings share."""
    return {stem for stem, count in Counter(r.stem for r in recordings).items() if count > 1}
