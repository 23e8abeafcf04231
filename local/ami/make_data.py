#!/usr/bin/env python3
"""Make a data directory of AMI meetings.

Reads the corpus as it is distributed: <corpus>/amicorpus/<meeting>/audio/<meeting>.Mix-Headset.wav and .Array1-01.wav,
and the manual annotation 1.6.2 (words/, segments/, corpusResources/meetings.xml) in <corpus>/annotations,
<corpus>/ami_public_manual_1.6.2 or <corpus> itself. Speakers have the names they have in the whole corpus.
Every bad entry is told as file:line. Writes wav.scp, reco2dur, ref.rttm, ref.uem and reco2num_spk.
"""

import os

import nxt

from diarkit import cli
from diarkit.datadir.corpus import CorpusOptions, prepare_corpus, read_list
from diarkit.errors import DiarkitError
from diarkit.options import opt, options

AUDIO = {"mix-headset": "{m}.Mix-Headset.wav", "sdm": "{m}.Array1-01.wav", "beamformed": "{m}_MDM8.wav"}


@options
class AmiOptions:
    """Which signal, and what counts as a turn."""

    mic: str = opt("mix-headset", "sum of the headsets, first microphone of the first array, or the array beamformed",
                   choices=tuple(AUDIO))
    beamformed: str | None = opt(None, "folder of <meeting>_MDM8.wav, at most one folder deep, for --mic=beamformed")
    annotations: str | None = opt(None, "folder of the manual annotation, where it is not in its usual place")
    unit: str = opt("words", "turns are runs of words, or the transcribers' segments", choices=tuple(nxt.TIMES))
    max_gap: float = opt(0.0, "words of one speaker at most this many seconds apart are one turn", low=0)
    vocal_sounds: bool = opt(False, "laughs, coughs and the like are speech too")


def places(corpus, meeting, options):
    """Return the paths where a meeting's recording may lie, the usual one first."""
    name = AUDIO[options.mic].format(m=meeting)
    if options.mic == "beamformed":
        folder = options.beamformed or os.path.join(corpus, "amicorpus", "beamformed")
        return [os.path.join(folder, meeting, name), os.path.join(folder, name)]
    return [os.path.join(corpus, *inner, meeting, "audio", name) for inner in (["amicorpus"], [])]


def find_audio(corpus, meetings, listed, options):
    """Return {meeting: path} of the listed meetings, or without a list of every one that is there."""
    audio = {}
    for meeting in listed or meetings:
        there = [path for path in places(corpus, meeting, options) if os.path.isfile(path)]
        if listed and meeting not in meetings:
            raise DiarkitError(f"meetings.xml knows no meeting {meeting}. Check the list")
        if listed and not there:
            raise DiarkitError(f"{places(corpus, meeting, options)[0]}: is not there. Fetch it with local/download.py, "
                               "choose another --mic, or take the meeting off the list")
        if there:
            audio[meeting] = there[0]
    if not audio:
        raise DiarkitError(f"{corpus}: no recording of a meeting in it, such as {places('', 'ES2003a', options)[0]}")
    return audio


def main(corpus, target, options, common):
    folder = nxt.find_annotation(corpus, options.annotations)
    index = os.path.join(folder, "corpusResources", "meetings.xml")
    meetings = nxt.read_meetings(index)
    audio = find_audio(corpus, meetings, read_list(common.list) if common.list else None, options)
    files = nxt.find_files(folder, {meeting: meetings[meeting] for meeting in audio}, options.unit)

    def read(report):
        untimed = []
        found = [one for (meeting, agent), path in files.items()
                 for one in nxt.read_agent(path, meeting, meetings[meeting][agent], options, report, untimed)]
        if untimed:
            report.note(f"{len(untimed)} {options.unit} have no times in the corpus and are left out: {untimed[0]} ...")
        return found
    prepare_corpus(target, audio, [index, *files.values()], read, options, common)


if __name__ == "__main__":
    cli.run(main, __doc__, ("corpus", "data-dir"), AmiOptions, CorpusOptions)
