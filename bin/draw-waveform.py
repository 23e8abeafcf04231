#!/usr/bin/env python3
"""Draw the sound of each recording: <out-dir>/<reco>.png or .svg; [pictures.scp] lists them.

Beneath the sound stand the turns of the reference and of the hypothesis in the speakers' colours, where they are
given; through it go the change points of the reference, and in red those that were found; below it the score they were
found by. The sound is the lowest and the highest sample of each stretch, read once at the recording's own rate.
"""

import dataclasses

from diarkit import cli
from diarkit.audio import AudioFile, AudioOptions
from diarkit.errors import DiarkitError
from diarkit.export.cast import CastOptions, Casts
from diarkit.export.picture import Gallery
from diarkit.export.scene import make_scene, sound_of
from diarkit.export.waveform import MOST_ROWS, WaveformOptions, draw
from diarkit.options import opt, options
from diarkit.tables import load_matrix, read_scp


@options
class ChangeOptions:
    """Changes of speaker."""

    changes: str | None = opt(None, "scp of the change points that were found, (C,) seconds per recording")
    curve: str | None = opt(None, "scp of the scores they come from, (T, 2) time_s and score per recording")


def main(audio, folder, table, given, detected, options):
    """Draw every recording of the audio table."""
    recordings, cast_of = read_scp(audio), Casts.of_files(given)
    found = {name: read_scp(path) for name, path in dataclasses.asdict(detected).items() if path}

    def of(name, reco):
        if name in found and reco not in found[name]:
            raise DiarkitError(f"not in {getattr(detected, name)}. Make it for this recording too")
        return load_matrix(found[name][reco]) if name in found else None

    def one(reco, entry):
        file = AudioFile(entry, AudioOptions(channel=options.channel))
        file.options = dataclasses.replace(file.options, sample_rate=file.sample_rate)
        sound = sound_of(file, round(options.width_in * options.dpi) * (MOST_ROWS if options.row_s else 1))
        gallery.add(reco, draw(reco, make_scene(sound, cast_of(reco), of("changes", reco), of("curve", reco)), options))

    with Gallery(folder, options, table) as gallery:
        cli.for_each(recordings.items(), one, len(recordings))


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav-rspecifier", "out-dir", "[pictures.scp]"), CastOptions, ChangeOptions, WaveformOptions)
