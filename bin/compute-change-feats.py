#!/usr/bin/env python3
"""Compute the features of the change detector: one matrix (frames, 35) per recording, a frame every 512 / 22050 s."""

from diarkit import cli
from diarkit.audio import AudioFile
from diarkit.features.change import DIM, ChangeAudioOptions, ChangeFeats, ChangeFeatsOptions
from diarkit.tables import MatrixWriter, read_scp


def main(wavs, feats, options, audio_options):
    """Write the features of every recording."""
    feature, entries = ChangeFeats(options), read_scp(wavs)

    def work(key, entry):
        writer.write_blocks(key, DIM, feature.blocks(AudioFile(entry, audio_options).blocks))

    with MatrixWriter(feats) as writer:
        cli.for_each(entries.items(), work, len(entries))


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav-rspecifier", "feats-wspecifier"), ChangeFeatsOptions, ChangeAudioOptions)
