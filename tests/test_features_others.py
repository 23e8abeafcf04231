"""Mel, spectrogram, python_speech_features, deltas and normalisation against independent computations."""

import inspect

import kaldi_native_fbank as knf
import numpy as np
import pytest
import python_speech_features

from diarkit.errors import DiarkitError, UsageError
from diarkit.features import cmvn as cmvn_module
from diarkit.features import deltas as deltas_module
from diarkit.features.cmvn import Cmvn, CmvnOptions, cmvn_stats
from diarkit.features.deltas import DeltaOptions, Deltas
from diarkit.features.filters import slaney_hz, slaney_mel
from diarkit.features.mel import Mel, MelOptions, floor_of, gain_to
from diarkit.features.psf import Psf, PsfOptions
from diarkit.features.spectrogram import Spectrogram, SpectrogramOptions

FEATS = np.random.default_rng(0).standard_normal((700, 5)).astype(np.float32) * [1, 2, 3, 4, 5] + 7


@pytest.fixture(params=[20000, 100, 7])
def block_t(request, monkeypatch):
    """Blocks longer and shorter than the features."""
    monkeypatch.setattr(cmvn_module, "BLOCK_T", request.param)
    monkeypatch.setattr(deltas_module, "BLOCK_T", request.param)


def test_slaneys_scale_at_known_points():
    """Of the Auditory Toolbox: linear up to 1000 Hz = mel 15, then a factor 6.4 in 27 mels."""
    assert np.allclose(slaney_mel([60, 110, 220, 440, 1000, 6400]), [0.9, 1.65, 3.3, 6.6, 15, 42])
    assert np.allclose(slaney_hz(slaney_mel([0, 55.5, 999, 1001, 8000])), [0, 55.5, 999, 1001, 8000])


@pytest.mark.parametrize("padding,mode", [("constant", "constant"), ("reflect", "reflect")])
def test_mel_is_librosas_as_kaldi_native_fbank_makes_it(padding, mode, speech):
    options = knf.FbankOptions()
    frame, mel = options.frame_opts, options.mel_opts
    frame.dither, frame.preemph_coeff, frame.remove_dc_offset = 0, 0, False
    frame.window_type, frame.round_to_power_of_two = "hann", False
    mel.num_bins, mel.low_freq, mel.is_librosa = 40, 0, True
    options.use_log_fbank = False
    stream = knf.OnlineFbank(options)
    stream.accept_waveform(16000, np.pad(speech, 200, mode))
    wanted = np.array([stream.get_frame(t) for t in range(stream.num_frames_ready)])
    got = Mel(MelOptions(padding=padding))(speech)
    assert got.shape == wanted.shape == (1 + len(speech) // 160, 40)
    assert np.allclose(got, wanted, rtol=1e-3, atol=1e-9)


def test_the_defaults_of_mel_are_those_of_the_encoder():
    assert vars(MelOptions()) == dict(kind="power", num_mel_bins=40, frame_length=25.0, frame_shift=10.0,
                                      low_freq=0.0, high_freq=0.0, padding="constant", top_db=None, target_dbfs=None)


def test_decibels_against_speechbrain():
    """Values of SpeechBrain 1.0.3's Fbank(n_mels=80) for three tones that swell and fade; 80 dB down is the floor."""
    t = np.arange(24000) / 16000
    tones = (0.3 * np.sin(2 * np.pi * (200 * t + 150 * t * t)) + 0.02 * np.sin(2 * np.pi * 5200 * t)
             + 0.1 * np.sin(2 * np.pi * 1370 * t) * np.cos(2 * np.pi * 3 * t)) * np.sin(np.pi * t / 1.5)
    samples = (tones + 0.001 * np.sin(2 * np.pi * 700 * t * t)).astype(np.float32)
    feature = Mel(MelOptions(kind="decibels", num_mel_bins=80, top_db=80.0))
    found = feature(samples)
    assert found.shape == (151, 80) and found.dtype == np.float32
    assert np.allclose(found[[0, 40, 75, 150]][:, [0, 20, 50, 79]], [
        [-47.229, -51.337, -51.337, -51.337], [-51.337, -48.167, -44.010, -48.557],
        [-22.817, -12.960, -24.955, -27.262], [-51.337, -17.338, -49.727, -51.337]], atol=5e-3)
    floor = floor_of(feature.blocks(np.array_split(samples, 9)), 80.0)
    assert np.array_equal(np.concatenate([np.maximum(b, floor) for b in feature.blocks([samples])]), found)
    assert feature(samples[:0]).shape == (0, 80)
    with pytest.raises(UsageError, match="--top-db is for --kind=decibels"):
        MelOptions(top_db=80.0)


def test_gain_raises_a_quiet_recording_and_leaves_a_loud_or_silent_one(speech):
    level = 20 * np.log10(np.sqrt(np.mean(speech.astype(np.float64) ** 2)))
    assert gain_to(np.array_split(speech, 7), level + 12) == pytest.approx(10 ** (12 / 20))
    assert gain_to([speech], level - 3) == 1
    assert gain_to([np.zeros(100, np.float32)], -30) == 1 and gain_to([], -30) == 1


@pytest.mark.parametrize("kind", ["power", "magnitude", "log-power"])
def test_spectrogram_against_scipy(kind, speech):
    frames = np.lib.stride_tricks.sliding_window_view(speech.astype(np.float64), 400)[::160]
    frames = frames - frames.mean(axis=1, keepdims=True)
    energy = np.log((frames ** 2).sum(axis=1))
    frames = np.concatenate([0.03 * frames[:, :1], frames[:, 1:] - 0.97 * frames[:, :-1]], axis=1)
    frames = frames * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    wanted = {"power": power, "magnitude": np.sqrt(power), "log-power": np.log(np.maximum(power, 1.1920929e-07))}[kind]
    got = Spectrogram(SpectrogramOptions(kind=kind))(speech)
    assert got.shape == wanted.shape and np.allclose(got[:, 1:], wanted[:, 1:], rtol=1e-4, atol=1e-5)
    assert np.allclose(got[:, 0], energy if kind == "log-power" else wanted[:, 0], rtol=1e-4, atol=1e-5)


def test_spectrogram_keeps_frequency_zero_when_told(speech):
    plain = Spectrogram(SpectrogramOptions(use_energy=False))(speech)
    assert not np.allclose(plain[:, 0], Spectrogram()(speech)[:, 0])
    assert np.array_equal(plain[:, 1:], Spectrogram()(speech)[:, 1:])


@pytest.mark.parametrize("values,call", [
    (dict(), dict()), (dict(num_ceps=20, num_filters=40), dict(numcep=20, nfilt=40)),
    (dict(append_energy=False, cepstral_lifter=0.0), dict(appendEnergy=False, ceplifter=0)),
    (dict(window_type="hamming", preemphasis=0.5), dict(winfunc=np.hamming, preemph=0.5)),
    (dict(low_freq=100.0, high_freq=4000.0, fft_size=1024), dict(lowfreq=100, highfreq=4000, nfft=1024)),
    (dict(frame_length=30.0, frame_shift=12.5), dict(winlen=0.03, winstep=0.0125))])
def test_psf_mfcc_is_the_packages(values, call, speech):
    """On more than one batch of 4096 frames, so that the seams count too."""
    samples = np.resize(speech, 900000)
    got = Psf(PsfOptions(sample_scale=32768.0, **values))(samples)
    wanted = python_speech_features.mfcc(samples.astype(np.float64) * 32768, **call)
    assert len(got) > 4096 and got.shape == wanted.shape and np.allclose(got, wanted, atol=1e-3)


def test_psf_logfbank_is_the_packages(speech):
    wanted = python_speech_features.logfbank(speech.astype(np.float64), nfilt=64)
    got = Psf(PsfOptions(kind="logfbank", num_filters=64))(speech)
    assert got.shape == wanted.shape and np.allclose(got, wanted, atol=1e-3)
    normal = Psf(PsfOptions(kind="logfbank", num_filters=64, normalize_frames=True))(speech)
    assert np.allclose(normal.mean(axis=1), 0, atol=1e-5) and np.allclose(normal.std(axis=1), 1, atol=1e-4)
    assert np.allclose(normal, (wanted - wanted.mean(1, keepdims=True)) / wanted.std(1, keepdims=True), atol=1e-3)


def test_psf_defaults_are_the_packages():
    o = PsfOptions()
    ours = dict(winlen=o.frame_length / 1000, winstep=o.frame_shift / 1000, numcep=o.num_ceps, nfilt=o.num_filters,
                nfft=o.fft_size, lowfreq=o.low_freq, preemph=o.preemphasis, ceplifter=o.cepstral_lifter,
                appendEnergy=o.append_energy, highfreq=o.high_freq or None)
    theirs = {k: p.default for k, p in inspect.signature(python_speech_features.mfcc).parameters.items()}
    assert ours == {name: theirs[name] for name in ours}
    assert o.window_type == "rectangular" and (theirs["winfunc"](5) == 1).all()


def test_psf_of_a_recording_shorter_than_a_frame(speech):
    for samples in (speech[:100], speech[:400], speech[:401]):
        wanted = python_speech_features.mfcc(samples.astype(np.float64))
        got = Psf()(samples)
        assert got.shape == wanted.shape and np.allclose(got, wanted, atol=1e-3)
    assert Psf()(speech[:0]).shape == (0, 13)


def test_deltas_are_the_packages_and_kaldis(block_t):
    """One order as python_speech_features; two orders by the definition: slopes of slopes of the repeated ends."""
    once = Deltas(DeltaOptions(delta_order=1))(FEATS)
    assert np.allclose(once, np.column_stack([FEATS, python_speech_features.delta(FEATS, 2)]), atol=1e-5)
    twice, slope = Deltas()(FEATS), np.array([-2, -1, 0, 1, 2]) / 10
    padded = np.pad(FEATS.astype(np.float64), ((4, 4), (0, 0)), "edge")
    kernel = np.convolve(slope, slope)
    wanted = np.stack([kernel @ padded[t:t + 9] for t in range(len(FEATS))])
    assert twice.shape == (700, 15) and twice.dtype == np.float32
    assert np.array_equal(twice[:, :10], once) and np.allclose(twice[:, 10:], wanted, atol=1e-5)


@pytest.mark.parametrize("order,window,slopes", [(1, 2, [3.0]), (2, 3, [3.0, 0.0])])
def test_deltas_of_a_straight_line_are_its_slope(order, window, slopes):
    line = 3.0 * np.arange(50)[:, None] + 5
    got = Deltas(DeltaOptions(delta_order=order, delta_window=window))(line)
    assert np.allclose(got[10:-10, 1:], slopes, atol=1e-5)


@pytest.mark.parametrize("shape", [(0, 5), (0, 0), (1, 5), (3, 5)])
def test_deltas_and_normalisation_of_next_to_nothing(shape):
    feats = np.ones(shape, np.float32)
    deltas = Deltas()(feats)
    assert deltas.shape == (shape[0], 3 * shape[1]) and np.allclose(deltas[:, shape[1]:], 0, atol=1e-7)
    for values in (dict(), dict(norm_vars=True), dict(cmn_window=10), dict(cmn_window=10, norm_vars=True)):
        got = Cmvn(CmvnOptions(**values))(feats)
        assert got.shape == shape and got.dtype == np.float32 and not got.any()


def sliding(feats, window, least, center, norm_vars):
    """Kaldi's sliding-window-cmn, frame by frame."""
    total, out = len(feats), np.zeros(feats.shape)
    for t in range(total):
        start, end = (t - window // 2, t - window // 2 + window) if center else (t - window, t + 1)
        if start < 0:
            end, start = end - start, 0
        if not center and end > t:
            end = max(t + 1, least)
        if end > total:
            start, end = max(start - (end - total), 0), total
        part = feats[start:end].astype(np.float64)
        out[t] = feats[t] - part.mean(axis=0)
        if norm_vars:
            out[t] = out[t] / np.sqrt(np.maximum(part.var(axis=0), 1e-10)) if len(part) > 1 else 0
    return out


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("norm_vars", [True, False])
@pytest.mark.parametrize("window,least", [(300, 100), (301, 1), (2000, 100), (1, 1), (50, 2000)])
def test_sliding_normalisation_is_kaldis(window, least, center, norm_vars, block_t):
    got = Cmvn(CmvnOptions(cmn_window=window, min_cmn_window=least, center=center, norm_vars=norm_vars))(FEATS)
    wanted = sliding(FEATS.astype(np.float32), window, least, center, norm_vars)
    assert np.allclose(got, wanted, atol=1e-4) and got.dtype == np.float32


def test_normalisation_per_recording(block_t):
    got = Cmvn(CmvnOptions(norm_vars=True))(FEATS)
    assert np.allclose(got.mean(axis=0), 0, atol=1e-5) and np.allclose(got.std(axis=0), 1, atol=1e-5)
    means = Cmvn()(FEATS)
    assert np.allclose(means, FEATS - FEATS.mean(axis=0), atol=1e-5)
    assert np.allclose(Cmvn(CmvnOptions(norm_means=False))(FEATS), FEATS)
    assert np.allclose(Cmvn(CmvnOptions(norm_means=False, cmn_window=10))(FEATS), FEATS)


def test_statistics_are_kaldis_and_may_come_from_elsewhere(block_t):
    stats = cmvn_stats(FEATS)
    assert stats.shape == (2, 6) and stats[0, -1] == 700 and stats[1, -1] == 0
    assert np.allclose(stats[0, :-1], FEATS.sum(axis=0)) and np.allclose(stats[1, :-1], (FEATS ** 2).sum(axis=0))
    got = Cmvn()(FEATS[:10], stats)
    assert np.allclose(got, FEATS[:10] - FEATS.mean(axis=0), atol=1e-5)


def test_wrong_statistics_and_options_are_named():
    with pytest.raises(DiarkitError, match="4 columns for features of 5"):
        Cmvn()(FEATS, cmvn_stats(FEATS[:, :4]))
    with pytest.raises(DiarkitError, match="no frames"):
        Cmvn()(FEATS, cmvn_stats(FEATS[:0]))
    with pytest.raises(UsageError, match="--norm-means"):
        CmvnOptions(norm_vars=True, norm_means=False)
