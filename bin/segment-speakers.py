#!/usr/bin/env python3
"""Find who of up to three local speakers talks when, in windows of 10 s: one matrix (W, 589) of classes per recording.

Row w is the window that starts at w times --hop-s; the classes are 0 none, 1, 2, 3 one speaker, 4 both 1 and 2,
5 both 1 and 3, 6 both 2 and 3. A local speaker has a number within one window only. With [scores-wspecifier] also
one matrix (F, 3) per recording: probability of speech, of overlap, and the share of windows that see a change.
"""

import contextlib

from diarkit import cli
from diarkit.audio import AudioFile, AudioOptions
from diarkit.segmentation import Segmenter, SegmentOptions
from diarkit.tables import MatrixWriter, read_scp


def main(wavs, classes, scores, options, audio_options):
    """Write the segmentation of every recording."""
    segmenter, entries = Segmenter(options), read_scp(wavs)

    def work(reco, entry):
        found = segmenter(AudioFile(entry, audio_options))
        writer.write(reco, found.classes)
        if more:
            more.write(reco, found.scores)
        speech, overlap = (found.scores[:, :2] >= 0.5).mean(axis=0)
        cli.log(f"{reco}: {len(found.classes)} windows, {100 * speech:.0f} % speech, {100 * overlap:.0f} % overlap")

    with MatrixWriter(classes) as writer, MatrixWriter(scores) if scores else contextlib.nullcontext() as more:
        cli.for_each(entries.items(), work, len(entries))


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav-rspecifier", "seg-wspecifier", "[scores-wspecifier]"), SegmentOptions, AudioOptions)
