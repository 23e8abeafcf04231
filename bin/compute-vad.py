#!/usr/bin/env python3
"""Find speech: one matrix of [start, end] rows in seconds per recording, empty where nobody speaks.

Methods: webrtc (no weights, fast), energy (Kaldi's compute-vad), silero (a network, fetched once), oracle (a reference
RTTM). An option of one method is an error with another one. Defaults that fit each method stand in conf/vad/*.conf.
"""

import math

from diarkit import cli
from diarkit.annotation import read_segments
from diarkit.audio import AudioFile, AudioOptions
from diarkit.errors import DiarkitError
from diarkit.options import opt, options
from diarkit.tables import MatrixWriter, read_scp
from diarkit.vad import OPTIONS, SpeechDetector
from diarkit.vad.spans import length_s


@options
class InputOptions:
    """Input"""

    within: str | None = opt(None, "a segments file: speech is confined to its segments")


def confines(segments, duration_s, path):
    """Return the [(start_s, end_s)] of a recording's segments, checked to end with it (to 10 ms, for rounding)."""
    for s in segments:
        if s.end_s > duration_s + 0.01 and s.end_s != math.inf:
            raise DiarkitError(f"{path}: {s.id} goes from {s.start_s:.3f} to {s.end_s:.3f} s, but {s.reco} ends at "
                               f"{duration_s:.3f} s. Mend the times, or the recording is the wrong one")
    return [(s.start_s, min(s.end_s, duration_s)) for s in segments if s.start_s < duration_s]


def main(wavs, spans, *opts):
    """Write the speech of every recording."""
    *vad_options, audio_options, inputs = opts
    detector, entries = SpeechDetector(*vad_options), read_scp(wavs)
    given = read_segments(inputs.within, open_ends=True) if inputs.within else None

    def work(reco, entry):
        audio = AudioFile(entry, audio_options)
        within = None if given is None else confines(given.get(reco, []), audio.duration_s, inputs.within)
        found = detector(audio, reco, within)
        writer.write(reco, found)
        if detector.note or not len(found):
            cli.log(f"note: {reco}: {detector.note or 'no speech is found in it'}")
        limited = f", confined to {len(within)} segments" if given is not None else ""
        cli.log(f"{reco}: {len(found)} segments, {length_s(found):.1f} s of {audio.duration_s:.1f} s{limited}")

    with MatrixWriter(spans) as writer:
        cli.for_each(entries.items(), work, len(entries))


if __name__ == "__main__":
    cli.run(main, __doc__, ("wav-rspecifier", "spans-wspecifier"), *OPTIONS, AudioOptions, InputOptions)
