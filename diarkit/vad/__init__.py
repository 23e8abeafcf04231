"""Speech activity detection: four methods behind one interface, from audio to (S, 2) seconds of speech."""

from diarkit.errors import UsageError
from diarkit.options import field_table
from diarkit.vad.energy import Energy, EnergyOptions
from diarkit.vad.framing import Samples
from diarkit.vad.level import levelled
from diarkit.vad.oracle import Oracle, OracleOptions
from diarkit.vad.silero import Silero, SileroOptions
from diarkit.vad.smoothing import VadOptions, smooth
from diarkit.vad.webrtc import Webrtc, WebrtcOptions

__all__ = ["METHODS", "OPTIONS", "Samples", "SpeechDetector", "VadOptions", "detect"]

METHODS = {"webrtc": (Webrtc, WebrtcOptions), "energy": (Energy, EnergyOptions), "silero": (Silero, SileroOptions),
           "oracle": (Oracle, OracleOptions)}
BY_LEVEL = ("webrtc", "energy")  # these judge by level, so that a quiet recording would hold no speech
OPTIONS = (VadOptions, *(cls for _, cls in METHODS.values()))


class SpeechDetector:
    """Find speech in recordings by the method that the options name; `note` says what was done to the last one."""

    def __init__(self, options=None, *own):
        """options: VadOptions; own: options objects of the methods (missing ones have their defaults).

        Raises UsageError for an option of another method than options.method: it would change nothing.
        """
        self.options, self.note = options or VadOptions(), ""
        method, kind = METHODS[self.options.method]
        for other in own:
            if not isinstance(other, kind):
                _refuse_changes(other, self.options.method)
        self.method = method(next((o for o in own if isinstance(o, kind)), None))

    def __call__(self, audio, reco=None, within=None):
        """Return speech as (S, 2) float64 seconds: sorted, disjoint, in whole milliseconds, inside the recording.

        audio: an audio.AudioFile, or Samples(array, sample_rate); it is read in blocks, so that memory stays bounded.
        reco: the recording's name, for the oracle. within: (W, 2) seconds that speech is confined to, or None.
        """
        self.note = ""
        if self.options.method in BY_LEVEL:
            audio, self.note = levelled(audio)
        return smooth(self.method(audio, reco), self.options, audio.duration_s, within)


def _refuse_changes(other, method):
    for name, (_, field) in field_table(type(other)).items():
        if getattr(other, field.name) != field.default:
            raise UsageError(f"--{name} means nothing to --method={method}. Leave it out, or choose its method")


def detect(audio, options=None, *own, reco=None, within=None):
    """Return the speech of one recording; see SpeechDetector."""
    return SpeechDetector(options, *own)(audio, reco, within)
