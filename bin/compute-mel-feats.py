#!/usr/bin/env python3
"""Compute mel spectrograms of librosa's or SpeechBrain's kind: one matrix (frames, bins) per recording.

With --target-dbfs a quieter recording is raised to that level first; the recording is then read twice, and once more
with --top-db.
"""

import numpy as np

from diarkit import cli
from diarkit.audio import AudioFile, AudioOptions
from diarkit.features.mel import Mel, MelOptions, floor_of, gain_to
from diarkit.tables import MatrixWriter, read_scp


def main(wavs, feats, options, audio):
    """Write the features of every recording."""
    feature, entries = Mel(options, audio.sample_rate), read_scp(wavs)

    def work(key, entry):
        file = AudioFile(entry, audio)
        gain = 1.0 if options.target_dbfs is None else gain_to(file.blocks(), options.target_dbfs)

        def blocks():
            return feature.blocks(gain * block for block in file.blocks())

        floor = None if options.top_db is None else floor_of(blocks(), options.top_db)
        writer.write_blocks(key, feature.dim, blocks() if floor is None else (np.maximum(b, floor) for b in blocks()))

    with MatrixWriter(feats) as writer:
        cli.for_each(entries.items(), work, len(entries))


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav-rspecifier", "feats-wspecifier"), MelOptions, AudioOptions)
