"""What every feature promises: blocks equal one piece, shapes, wrong options."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.errors import UsageError
from diarkit.features.fbank import Fbank, FbankOptions
from diarkit.features.filters import FilterBank, kaldi_filters
from diarkit.features.frames import BATCH_T, Framing
from diarkit.features.mel import Mel, MelOptions
from diarkit.features.mfcc import Mfcc, MfccOptions
from diarkit.features.psf import Psf, PsfOptions
from diarkit.features.spectrogram import Spectrogram, SpectrogramOptions

FEATURES = {
    "fbank": lambda: Fbank(FbankOptions(num_mel_bins=80)),
    "fbank, mirrored": lambda: Fbank(FbankOptions(snip_edges=False, use_energy=True)),
    "fbank, dithered": lambda: Fbank(FbankOptions(dither=1e-3)),
    "mfcc": lambda: Mfcc(MfccOptions()),
    "mel": lambda: Mel(MelOptions()),
    "mel, reflected": lambda: Mel(MelOptions(padding="reflect")),
    "spectrogram": lambda: Spectrogram(SpectrogramOptions()),
    "psf mfcc": lambda: Psf(PsfOptions()),
    "psf logfbank": lambda: Psf(PsfOptions(kind="logfbank", normalize_frames=True)),
}


def cut(samples, sizes):
    ends = np.cumsum(sizes)
    return np.split(samples, ends[ends < len(samples)])


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("size", [1600, 16000, 16001, 480000])
def test_blocks_are_one_piece_to_the_last_bit(name, size, speech):
    feature = FEATURES[name]()
    whole = feature(speech)
    parts = list(feature.blocks(iter(cut(speech, [size] * (len(speech) // size + 1)))))
    assert len(speech) > 3 * BATCH_T * 160 and len(parts) == -(-len(whole) // feature.framing.batch_t)
    assert np.array_equal(np.concatenate(parts), whole) and whole.dtype == np.float32
    assert whole.shape == (feature.framing.count(len(speech)), feature.dim)


@pytest.mark.parametrize("name", FEATURES)
@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(0, 900), max_size=12), seed=st.integers(0, 9))
def test_any_cutting_of_short_recordings(name, sizes, seed):
    samples = np.random.default_rng(seed).standard_normal(sum(sizes)).astype(np.float32) * 0.1
    feature = FEATURES[name]()
    whole = feature(samples)
    parts = list(feature.blocks(cut(samples, sizes)))
    assert whole.shape == (feature.framing.count(len(samples)), feature.dim)
    assert np.array_equal(np.concatenate([np.zeros((0, feature.dim), np.float32), *parts]), whole)


@pytest.mark.parametrize("edges", ["snip", "mirror", "reflect", "constant", "tail"])
@pytest.mark.parametrize("length", [1, 2, 3, 4, 7])
def test_frames_are_the_padded_signal_cut_up(length, edges):
    """Against the definition, for every shift and signal length: pad the whole signal, then take frame by frame."""
    mode = {"snip": "constant", "mirror": "symmetric", "tail": "constant"}.get(edges, edges)
    for shift, total, size in itertools.product(range(1, length + 1), range(25), (1, 4, 100)):
        framing, signal = Framing(length, shift, edges, batch_t=3), np.arange(1, total + 1, dtype=np.float32)
        got = [framing.view(part, n) for part, n in framing.batches(cut(signal, [size] * total))]
        count = framing.count(total)
        assert sum(map(len, got)) == count, (shift, total)
        if count:
            after = max((count - 1) * shift + length - framing.left_n - total, 0)
            padded = np.concatenate([np.pad(signal, (framing.left_n, 0), mode),
                                     np.pad(signal, (0, after), mode)[total:]])
            wanted = np.stack([padded[t * shift:t * shift + length] for t in range(count)])
            assert np.array_equal(np.concatenate(got), wanted), (shift, total, size)


@pytest.mark.parametrize("make", [
    lambda: Fbank(FbankOptions(high_freq=9000.0)), lambda: Fbank(FbankOptions(low_freq=5000.0, high_freq=4000.0)),
    lambda: Fbank(FbankOptions(num_mel_bins=300)), lambda: Fbank(FbankOptions(frame_length=0.01, frame_shift=0.01)),
    lambda: FbankOptions(frame_length=10.0, frame_shift=20.0), lambda: FbankOptions(window_type="kaiser"),
    lambda: MfccOptions(num_ceps=30), lambda: MfccOptions(frame_shift=50.0), lambda: PsfOptions(num_ceps=30),
    lambda: Psf(PsfOptions(fft_size=256)), lambda: Psf(PsfOptions(high_freq=9000.0)),
    lambda: Mel(MelOptions(high_freq=9000.0)), lambda: Mel(MelOptions(low_freq=8000.0))])
def test_impossible_options_are_usage_errors_with_numbers(make):
    with pytest.raises(UsageError, match=r"\d|kaiser"):
        make()


def test_two_dimensional_samples_are_refused():
    with pytest.raises(AssertionError, match=r"\(16000, 2\)"):
        Fbank()(np.zeros((16000, 2), np.float32))


def test_the_filter_bank_is_the_plain_product():
    rng, filters = np.random.default_rng(0), kaldi_filters(80, 512, 16000, 20, 0)
    spectrum = rng.random((50, 257), np.float32)
    assert np.allclose(FilterBank(filters)(spectrum), spectrum @ filters, rtol=1e-5)


def test_an_odd_number_of_filters_and_an_empty_group():
    filters = np.zeros((10, 37), np.float32)
    filters[3, 36] = 2
    got = FilterBank(filters)(np.ones((4, 10), np.float32))
    assert got.shape == (4, 37) and not got[:, :36].any() and (got[:, 36] == 2).all()
