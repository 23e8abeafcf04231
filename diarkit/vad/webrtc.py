"""WebRTC's voice activity detector: a Gaussian mixture over six bands, one decision per frame of 10, 20 or 30 ms."""

import numpy as np

from diarkit.errors import UsageError
from diarkit.options import opt, options
from diarkit.vad.framing import BLOCK_S, frame_blocks
from diarkit.vad.smoothing import runs

RATES_HZ = (8000, 16000, 32000, 48000)


@options
class WebrtcOptions:
    """WebRTC (--method=webrtc)"""

    webrtc_mode: int = opt(3, "how eagerly sound is called no speech", choices=(0, 1, 2, 3))
    webrtc_frame_ms: int = opt(10, "length of a frame, milliseconds", choices=(10, 20, 30))
    webrtc_ring_s: float = opt(0.2, "decide over the last frames of this length, the ring; 0: plain runs of frames",
                               low=0, high=10)
    webrtc_ring_share: float = opt(0.9, "speech starts (ends) when more than this share of the ring is (is not) speech",
                                   low=0.5, below=1)


class Webrtc:
    """Speech by WebRTC's detector."""

    def __init__(self, options=None):
        self.options = options or WebrtcOptions()

    def __call__(self, audio, reco=None):
        """Return speech as (R, 2) seconds; audio: an audio.AudioFile or the like."""
        active, opts = self.decisions(audio), self.options
        ring_t = round(opts.webrtc_ring_s * 1000 / opts.webrtc_frame_ms)
        found = ring_runs(active, ring_t, opts.webrtc_ring_share) if ring_t > 1 else runs(active)
        return found * (opts.webrtc_frame_ms / 1000)

    def decisions(self, audio):
        """Return (T,) bool, one decision per frame; the last frame is filled up with zeros.

        The detector adapts its models from frame to frame, so the frames are given to it one by one, in order.
        """
        import webrtcvad  # only here: the core of the package does without

        rate = audio.options.sample_rate
        if rate not in RATES_HZ:
            raise UsageError(f"--sample-rate must be one of {', '.join(map(str, RATES_HZ))} for --method=webrtc, "
                             f"not {rate}")
        detector, size = webrtcvad.Vad(self.options.webrtc_mode), rate * self.options.webrtc_frame_ms // 1000
        found = [np.zeros(0, bool)]
        for frames in frame_blocks(audio.blocks(BLOCK_S), size, size):
            data = memoryview(np.clip(frames * 32768, -32768, 32767).astype(np.int16).tobytes())
            cuts = (data[i:i + 2 * size] for i in range(0, len(data), 2 * size))
            found.append(np.array([detector.is_speech(cut, rate, size) for cut in cuts], bool))
        return np.concatenate(found)


def ring_runs(active, ring_t, share):
    """Return speech as (R, 2) frame numbers, decided over a ring of the last ring_t frames.

    Speech starts when more than `share` of the ring is speech, at the ring's first frame; it ends when more than
    `share` of the ring is not, after the ring's last frame, so that it is padded by the ring. The ring is emptied at
    each change. Source: the collector in the examples of py-webrtcvad.
    """
    speech = np.concatenate([[0], np.cumsum(active)])
    counts = speech, np.arange(len(active) + 1) - speech  # frames so far that are speech, and that are not
    full = [np.flatnonzero(c[ring_t:] - c[:-ring_t] > share * ring_t) + ring_t for c in counts]
    found, begin, now = [], 0, 0
    while (end := _next_change(counts[now], full[now], begin, ring_t, share * ring_t)) is not None:
        found.append((max(begin, end - ring_t), end))
        begin, now = end, 1 - now
    starts, ends = [f[0] for f in found[::2]], [f[1] for f in found[1::2]]
    return np.array(list(zip(starts, ends + [len(active)])), int).reshape(-1, 2)  # speech at the end stays open


def _next_change(count, full, begin, ring_t, need):
    """Return the first frame boundary after `begin` where the ring, empty at `begin`, holds more than `need`."""
    partial = np.flatnonzero(count[begin:begin + ring_t] - count[begin] > need)
    if len(partial):
        return begin + int(partial[0])
    at = np.searchsorted(full, begin + ring_t)
    return int(full[at]) if at < len(full) else None
