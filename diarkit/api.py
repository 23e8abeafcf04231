"""`diarkit.diarize` and `diarkit.Diarizer`: who spoke when, in one call."""

import os
import sys

from tqdm import tqdm

from diarkit.channels import choose
from diarkit.cluster.options import CountOptions
from diarkit.errors import UsageError
from diarkit.models.network import NetworkOptions
from diarkit.options import opt, options
from diarkit.pipeline import Chain, audio_options, read_settings
from diarkit.result import Diarization
from diarkit.separate import merged
from diarkit.sources import name_of, open_source


@options
class DiarizerOptions(NetworkOptions):
    """Diarization"""

    channel: str = opt("auto", "auto looks at the channels: a call with one speaker on each is taken apart, all else "
                       "is mixed; mix, separate (each channel is a speaker), or the number of one channel, from 1")
    track: int = opt(1, "which audio track of a file that has several, such as a film, counted from 1", low=1)
    damaged: str = opt("refuse", "a file that is cut short or broken: refuse it, or read what can be read",
                       choices=("refuse", "read"))
    threads: int | None = opt(None, "processor threads (none: as many as there are processors); they change no turn",
                              low=1, high=64)

    def check(self):
        if self.channel not in ("auto", "mix", "separate") and not (self.channel.isdecimal() and int(self.channel)):
            raise UsageError(f"--channel must be auto, mix, separate or a number from 1, not {self.channel!r}")


class Diarizer:
    """Diarize many recordings with the networks loaded once.

    Parameters
    ----------
    options : DiarizerOptions, optional
        Model, channels, threads; keyword arguments of the same names may be given instead.
    settings : pipeline.Settings, optional
        Options of every stage, for those who tune them; see pipeline.read_settings.

    Examples
    --------
    >>> import diarkit
    >>> diarizer = diarkit.Diarizer(threads=1)
    >>> result = diarizer(sample)
    >>> [speaker.name for speaker in result.speakers]
    ['SPEAKER_00', 'SPEAKER_01']
    """

    def __init__(self, options=None, settings=None, **given):
        self.options = options or DiarizerOptions(**given)
        o = self.options
        threads = o.threads or _processors()
        self.chain = Chain(settings or read_settings(threads=threads, model=o.model, engine=o.engine))

    def __call__(self, audio, num_speakers=None, min_speakers=None, max_speakers=None, name=None, progress=None):
        """Return the Diarization of one recording; the arguments are those of `diarize`."""
        count = CountOptions(num_speakers=num_speakers, min_speakers=min_speakers, max_speakers=max_speakers)
        progress = bar() if progress is None and sys.stderr.isatty() else progress
        return Diarization.of_found(name_of(audio, name), *self.find(audio, count, progress))

    def find(self, audio, count, progress=None):
        """Return (pipeline.Found, notes about the audio) of one recording; count: CountOptions."""
        o = self.options
        given = {"track": o.track, "damaged": o.damaged}
        channel = o.channel if o.channel.isdecimal() else "mix"
        source = open_source(audio, audio_options(channel=channel, **given))
        choice = choose(source.survey, calls=o.channel == "auto") if source.channels > 1 and channel == "mix" else None
        notes = [choice.why] if choice and choice.why else []
        apart = o.channel == "separate" or o.channel == "auto" and choice and choice.separate
        if apart and source.channels > 1:
            found = merged(self.chain, lambda k: _channel(audio, source, k, given), source, progress)
        else:
            found = self.chain(source, count, progress)
        return found, notes + ([] if found.turns else ["nobody speaks in it"])


def _channel(audio, source, number, given):
    """Return one channel of an opened source, without reading an open file twice."""
    taken = getattr(source, "kept", None)
    return open_source(taken.name if taken else audio, audio_options(channel=str(number), **given))


def diarize(audio, num_speakers=None, min_speakers=None, max_speakers=None, *, name=None, progress=None, **given):
    """Find out who spoke when in one recording.

    Parameters
    ----------
    audio : path, open binary file, or (samples, rate in Hz)
        Anything that libsndfile or FFmpeg reads; samples are (N,) or (N, channels).
    num_speakers, min_speakers, max_speakers : int, optional
        Exactly, at least, or at most so many speakers; without them the number is found.
    name : str, optional
        Name of the recording in RTTM and elsewhere; by default that of the file.
    progress : callable, optional
        Called with the name of a stage and its share that is done, from 0 to 1. Without it a terminal shows a bar.
    **given
        Fields of DiarizerOptions, such as channel="separate" or threads=1.

    Returns
    -------
    Diarization
        `turns` and `exclusive` turns, `speakers`, and `to_rttm`, `to_json`, `to_srt` ... `to_annotation`, `plot`.

    Raises
    ------
    DiarkitError
        For what is no whole, finite audio; the message names the file and the cure.

    Examples
    --------
    >>> import diarkit
    >>> result = diarkit.diarize(sample, num_speakers=2)
    >>> result
    <Diarization of sample: 30.0 s, 2 speakers, 10 turns>
    >>> print(result.to_rttm().splitlines()[0])
    SPEAKER sample 1 6.739 0.506 <NA> <NA> SPEAKER_01 0.796 <NA>
    >>> result.exclusive[0].speaker
    'SPEAKER_01'
    """
    return Diarizer(**given)(audio, num_speakers, min_speakers, max_speakers, name, progress)


def bar():
    """Return a progress callback that draws a bar for each stage on stderr."""
    shown = {}

    def tell(stage, share):
        if stage not in shown:
            for other in shown.values():
                other.close()
            shown[stage] = tqdm(total=100, desc=stage, unit="%", leave=False, file=sys.stderr,
                                bar_format="{desc}: {percentage:3.0f}%|{bar}| {remaining} left")
        shown[stage].update(round(100 * share) - shown[stage].n)
        if share >= 1:
            shown[stage].close()
    return tell


def _processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
