"""Options of the segmentation and of the turns that are made of it."""

from diarkit.errors import UsageError
from diarkit.options import opt, options


@options
class SegmentOptions:
    """Local segmentation: who of up to three speakers talks when, in windows of 10 s."""

    hop_s: float = opt(2.5, "a window starts every so many seconds, a multiple of 0.005; smaller is surer and slower",
                       above=0, high=10)
    segmentation_model: str | None = opt(None, "a weights file of your own, .npz, torch or .onnx (none: the shipped "
                                         "one); an .onnx file always runs as it is")
    engine: str = opt("fastest", "what runs the network: onnx is ONNX Runtime in floats, int8 the same with recurrent "
                      "layers of 8-bit integers, fastest is int8 on processors made for it, else onnx",
                      choices=("fastest", "int8", "onnx", "torch"))
    batch: int = opt(16, "windows that go through the network together", low=1, high=256)
    threads: int = opt(1, "batches worked on at the same time; the result is the same", low=1, high=64)
    taper: bool = opt(True, "where windows overlap, each counts the more the nearer its middle is; false: all alike")
    trim: float = opt(0.0, "share of a window at each end that counts only where no other window reaches", low=0,
                      below=0.5)
    overlap_bias: float = opt(0.0, "added to the log probability of two speakers at once; above 0 finds more of it")
    silero_weight: float = opt(0.0, "how much Silero counts about where speech is, from 0; the segmentation "
                               "has the rest", low=0, high=1)
    onset: float = opt(0.5, "speech starts where its mean probability over the windows reaches this", above=0, high=1)
    offset: float = opt(0.5, "and ends where it falls below this", above=0, high=1)
    overlap_onset: float = opt(0.5, "overlap starts at this probability", above=0, high=1)
    overlap_offset: float = opt(0.5, "and ends below this", above=0, high=1)
    change_onset: float = opt(0.5, "share of the windows that must see a change of speakers within 0.1 s",
                              above=0, high=1)
    min_duration_off: float = opt(0.0, "fill shorter gaps in speech or overlap, seconds", low=0)
    min_duration_on: float = opt(0.0, "then drop shorter speech or overlap, seconds", low=0)

    def check(self):
        if abs(self.hop_s * 200 - round(self.hop_s * 200)) > 1e-6:
            raise UsageError(f"--hop-s must be a multiple of 0.005 s, not {self.hop_s:g}")
        for high, low in (("onset", "offset"), ("overlap_onset", "overlap_offset")):
            if getattr(self, low) > getattr(self, high):
                raise UsageError(f"--{low.replace('_', '-')} {getattr(self, low):g} must not exceed "
                                 f"--{high.replace('_', '-')} {getattr(self, high):g}")


@options
class OverlappingTurnOptions:
    """Turns of the segmentation's local speakers after clustering."""

    overlap: bool = opt(True, "several speakers may talk at once; false: at each moment the likeliest one alone")
    max_overlap: int = opt(3, "at most so many speakers at once", low=1)
    short_weight: float = opt(2.0, "how much the short windows count against the windows of ten seconds", low=0)
    min_duration_off: float = opt(0.0, "fill shorter gaps within one speaker's talk, seconds", low=0)
    min_duration_on: float = opt(0.0, "then drop shorter turns, seconds", low=0)
