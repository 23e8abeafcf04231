"""Codecs of telephones and of the net, and a narrow band; what they delay is put back."""

import functools
import io

import numpy as np
import soundfile
import soxr

FORMATS = {"ulaw": ("WAV", "ULAW"), "alaw": ("WAV", "ALAW"), "gsm": ("WAV", "GSM610"), "opus": ("OGG", "OPUS"),
           "mp3": ("MP3", "MPEG_LAYER_III"), "vorbis": ("OGG", "VORBIS")}
NARROW = 8000
RATES = {"gsm": (NARROW,), "opus": (8000, 12000, 16000, 24000, 48000),
         "mp3": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)}


def transmit(samples, rate, codec, narrow=False, squeeze=0.9):
    """Return (N,) float32 samples as they come out of a codec (`pcm` or one of FORMATS), as long as they went in.

    narrow: nothing above 4 kHz goes through; gsm is always narrow. squeeze: 0 for the most bits, 1 for the fewest, in
    the codecs that have a choice (opus at 16 kHz: 107 kbit/s at 0.6, 31 at 0.9).
    """
    inner = NARROW if narrow or codec == "gsm" else _nearest(codec, rate)
    sent = samples if inner == rate else soxr.resample(samples, rate, inner)
    if codec != "pcm":
        sent = _shift(_code(sent, inner, codec, squeeze), delay_n(codec, inner))
    back = sent if inner == rate else soxr.resample(sent, inner, rate)
    return np.pad(back[:len(samples)], (0, max(len(samples) - len(back), 0)))


def _nearest(codec, rate):
    """Return the least rate that the codec knows and that keeps the band, or the highest it has."""
    return min((r for r in RATES.get(codec, (rate,)) if r >= rate), default=max(RATES.get(codec, (rate,))))


def _code(samples, rate, codec, squeeze=0.9):
    form, kind = FORMATS[codec]
    memory, choice = io.BytesIO(), {} if form == "WAV" else {"compression_level": squeeze}
    with soundfile.SoundFile(memory, "w", rate, 1, kind, format=form, **choice) as file:
        for first in range(0, len(samples), rate):  # some encoders keep all of one call on the stack
            file.write(samples[first:first + rate])
    memory.seek(0)
    return soundfile.read(memory, dtype="float32")[0]


def _shift(samples, delay):
    return samples[delay:] if delay >= 0 else np.pad(samples, (-delay, 0))


@functools.cache
def delay_n(codec, rate):
    """Return by how many samples a codec delays, measured with noise sent through it."""
    probe = 0.1 * np.random.default_rng(0).standard_normal(2 * rate)
    probe = np.convolve(probe, np.ones(4) / 4, "same").astype(np.float32)
    heard = _code(probe, rate, codec)
    size = 2 * max(len(probe), len(heard))
    like = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(probe, size)), size)
    lag = int(np.argmax(like))
    return lag if lag < size // 2 else lag - size
