"""The layouts of corpora of speakers as they are distributed: every one gives its [Utterance], sorted by key.

A layout is a function (corpus folder, options, faults); what does not fit is added to `faults`, a list of lines that
each name a file.
"""

import csv
import os
import re
import shlex
from typing import NamedTuple

from diarkit.datadir.recordings import walk
from diarkit.errors import DiarkitError
from diarkit.files import read_lines

READABLE = {"wav", "flac", "ogg", "opus", "mp3", "sph", "aiff", "aif"}


class Utterance(NamedTuple):
    """One utterance: key, entry in wav.scp, file, speaker, what it is not to be mixed with, and F, M or ?."""

    key: str
    entry: str
    path: str
    speaker: str
    group: str
    sex: str = "?"


def voxceleb(corpus, options, faults):
    """VoxCeleb 1 and 2: .../id10001/<video>/00001.wav, or .m4a, which ffmpeg reads when its turn comes."""
    found = []
    for path, name in files(corpus, READABLE | {"m4a"}):
        speaker, video, number = [*["", ""], *name.split("/")][-3:]
        if not re.fullmatch(r"id\d{5}", speaker):
            faults.append(f"{path}: lies in no folder idNNNNN/<video>/")
            continue
        entry = f"ffmpeg -v error -i {shlex.quote(path)} -f wav - |" if path.endswith(".m4a") else path
        found.append(Utterance(f"{speaker}-{video}-{stem(number)}", entry, path, speaker, "voxceleb"))
    return found


def librispeech(corpus, options, faults):
    """LibriSpeech: <split>/<reader>/<chapter>/<reader>-<chapter>-<number>.flac, and SPEAKERS.TXT."""
    root = inner(corpus, "LibriSpeech")
    sexes, found = _table(os.path.join(root, "SPEAKERS.TXT"), r"(\d+)\s*\|\s*([MF])\s*\|.*", faults), []
    for path, name in files(root, {"flac", "wav"}):
        reader, chapter, utterance = [*["", ""], *name.split("/")][-3:]
        if not re.fullmatch(rf"{reader}-{chapter}-\d+", stem(utterance)) or not reader.isdigit():
            faults.append(f"{path}: is not <split>/<reader>/<chapter>/<reader>-<chapter>-<number>")
        elif reader not in sexes:
            faults.append(f"{path}: SPEAKERS.TXT has no reader {reader}")
        else:
            found.append(Utterance(stem(utterance), path, path, reader, "librispeech", sexes[reader]))
    return found


def vctk(corpus, options, faults):
    """VCTK: wav48_silence_trimmed/p225/p225_001_mic1.flac, else wav48/p225/p225_001.wav, and speaker-info.txt."""
    trimmed = os.path.isdir(os.path.join(corpus, "wav48_silence_trimmed"))
    root = inner(corpus, "wav48_silence_trimmed" if trimmed else "wav48")
    rows = _table(os.path.join(corpus, "speaker-info.txt"), r"(p?\d+|s\d+)\s+\d+\s+([MF])\b.*|ID\s.*", faults)
    sexes = {f"p{name}" if name.isdigit() else name: sex for name, sex in rows.items()}  # older releases have no p
    found = []
    for path, name in files(root, {"flac", "wav"}):
        speaker, utterance = [*[""], *name.split("/")][-2:]
        parts = re.fullmatch(rf"{re.escape(speaker)}_(\d+)" + (r"_(mic[12])" if trimmed else "()"), stem(utterance))
        if not speaker or not parts:
            faults.append(f"{path}: is not <speaker>/<speaker>_<number>{'_mic1|_mic2' if trimmed else ''}")
        elif speaker not in sexes:
            faults.append(f"{path}: speaker-info.txt has no speaker {speaker}")
        elif parts[2] in ("", options.mic):
            found.append(Utterance(f"{speaker}_{parts[1]}", path, path, speaker, "vctk", sexes[speaker]))
    return found


def openslr38(corpus, options, faults):
    """OpenSLR 38, ST-CMDS: 20170001P00001A0001.wav in one folder; P00001 is the speaker, the letter the telephone."""
    found = []
    for path, name in files(inner(corpus, "ST-CMDS-20170001_1-OS"), {"wav"}):
        parts = re.fullmatch(r"\d{8}(P\d{5})([A-Z]\d{4})", stem(os.path.basename(name)))
        if not parts:
            faults.append(f"{path}: is not named <8 digits>P<5 digits><letter><4 digits>.wav")
            continue
        found.append(Utterance(f"{parts[1]}{parts[2]}", path, path, parts[1], "openslr38"))
    return found


def folder(corpus, options, faults):
    """One folder for each speaker with sound at any depth in it."""
    found = []
    for path, name in files(corpus, READABLE):
        if "/" not in name:
            faults.append(f"{path}: lies in no speaker's folder")
            continue
        key, speaker = (re.sub(r"\s", "_", text) for text in (stem(name).replace("/", "-"), name.split("/")[0]))
        found.append(Utterance(key, path, path, speaker, os.path.basename(os.path.abspath(corpus)).replace(" ", "_")))
    return found


def utterances(corpus, options, faults):
    """A folder with utterances.tsv: columns path, speaker, corpus, seconds, with a header."""
    table, found = os.path.join(corpus, "utterances.tsv"), []
    rows = csv.DictReader((line for _, line in read_lines(table)), delimiter="\t")
    for number, row in enumerate(rows, 2):
        values = [row.get(name) for name in ("path", "speaker", "corpus")]
        path = os.path.join(corpus, values[0] or "")
        if not all(values) or any(re.search(r"\s", text) for text in values[1:]):
            faults.append(f"{table}:{number}: path, speaker and corpus are {values}; speaker and corpus hold no blanks")
        elif not os.path.isfile(path):
            faults.append(f"{table}:{number}: {path} is not there")
        elif not options.only or values[2] in options.only.split(","):
            key = re.sub(r"\s", "_", stem(values[0]).replace("/", "-"))
            found.append(Utterance(key, path, path, values[1], values[2]))
    return found


LAYOUTS = {one.__name__: one for one in (voxceleb, librispeech, vctk, openslr38, folder, utterances)}


def files(root, extensions):
    """Return [(path, its name within root)] of the files with these extensions, sorted by name."""
    return [(os.path.join(root, name), name) for name in sorted(walk(root, extensions))]


def inner(corpus, name):
    """Return the folder `name` in the corpus where there is one, else the corpus itself."""
    there = os.path.join(corpus, name)
    return there if os.path.isdir(there) else corpus


def stem(name):
    """Return a name without its extension."""
    return os.path.splitext(name)[0]


def _table(path, pattern, faults):
    """Return {speaker: sex} of the lines of a list of speakers, `;` beginning a comment."""
    if not os.path.isfile(path):
        raise DiarkitError(f"{path}: is not there. It is part of the corpus: it says who the speakers are")
    found = {}
    for number, line in read_lines(path):
        parts = None if line.startswith(";") else re.fullmatch(pattern, line.strip())
        if parts and parts[1]:
            found[parts[1]] = parts[2]
        elif not parts and not line.startswith(";"):
            faults.append(f"{path}:{number}: expected a speaker and F or M, found {line.strip()!r}")
    return found
