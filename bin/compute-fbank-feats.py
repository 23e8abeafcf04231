#!/usr/bin/env python3
"""Compute Kaldi's log mel filterbank features: one matrix (frames, bins) per recording."""

from diarkit import cli
from diarkit.audio import AudioFile, AudioOptions
from diarkit.features.fbank import Fbank, FbankOptions
from diarkit.tables import MatrixWriter, read_scp


def main(wavs, feats, options, audio):
    """Write the features of every recording."""
    feature, entries = Fbank(options, audio.sample_rate), read_scp(wavs)

    def work(key, entry):
        writer.write_blocks(key, feature.dim, feature.blocks(AudioFile(entry, audio).blocks()))

    with MatrixWriter(feats) as writer:
        cli.for_each(entries.items(), work, len(entries))


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav-rspecifier", "feats-wspecifier"), FbankOptions, AudioOptions)
