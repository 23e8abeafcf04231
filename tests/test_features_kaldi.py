"""Fbank and MFCC against kaldi_native_fbank, an independent implementation of Kaldi's."""

import kaldi_native_fbank as knf
import numpy as np
import pytest

from diarkit.features.fbank import Fbank, FbankOptions
from diarkit.features.mfcc import Mfcc, MfccOptions
from diarkit.features.spectrum import window_function

CLOSE = 1e-3
KINDS = {"fbank": (Fbank, FbankOptions, knf.OnlineFbank, knf.FbankOptions),
         "mfcc": (Mfcc, MfccOptions, knf.OnlineMfcc, knf.MfccOptions)}
FRAME = {"preemphasis_coefficient": "preemph_coeff", "frame_length": "frame_length_ms", "frame_shift": "frame_shift_ms"}
MEL = {"num_mel_bins": "num_bins", "low_freq": "low_freq", "high_freq": "high_freq"}
FRAME_SAME = ("window_type", "blackman_coeff", "remove_dc_offset", "snip_edges", "round_to_power_of_two", "dither")
OURS_ALONE = {"dither_seed", "sample_scale"}  # Kaldi takes samples as they come and has no seed


def place(options, name):
    """Return (object, attribute) that holds our option `name` in kaldi_native_fbank's options."""
    if name in MEL:
        return options.mel_opts, MEL[name]
    if name in FRAME or name in FRAME_SAME:
        return options.frame_opts, FRAME.get(name, name)
    return options, name


def theirs(kind, samples, rate=16000, **values):
    options = KINDS[kind][3]()
    options.frame_opts.dither, options.frame_opts.samp_freq = 0.0, rate
    for name, value in values.items():
        setattr(*place(options, name), value)
    stream = KINDS[kind][2](options)
    stream.accept_waveform(rate, samples)
    stream.input_finished()
    return np.array([stream.get_frame(t) for t in range(stream.num_frames_ready)])


def ours(kind, samples, rate=16000, **values):
    return KINDS[kind][0](KINDS[kind][1](**values), rate)(samples)


def assert_same(kind, samples, rate=16000, **values):
    got, wanted = ours(kind, samples, rate, **values), theirs(kind, samples, rate, **values)
    assert got.dtype == np.float32 and got.shape == wanted.shape
    assert np.abs(got - wanted).max() < CLOSE


@pytest.mark.parametrize("kind", KINDS)
def test_every_default_is_kaldis(kind):
    """Dither is the one that differs: 0 here, so that the same recording gives the same features."""
    mine, kaldis = KINDS[kind][1](), KINDS[kind][3]()
    for name in set(mine.__dataclass_fields__) - OURS_ALONE - {"dither"}:
        value, wanted = getattr(mine, name), getattr(*place(kaldis, name))
        assert value == (wanted if isinstance(wanted, str) else pytest.approx(wanted, rel=1e-6)), name
    assert mine.dither == 0 and mine.sample_scale == 1


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_on_real_speech(kind, speech):
    assert_same(kind, speech)


@pytest.mark.parametrize("kind", KINDS)
def test_on_the_sixteen_bit_scale(kind, speech):
    got = ours(kind, speech, sample_scale=32768.0)
    assert np.abs(got - theirs(kind, speech * np.float32(32768))).max() < CLOSE


COMMON = [dict(window_type=w) for w in ("hamming", "hanning", "rectangular", "blackman", "povey")] + [
    dict(window_type="blackman", blackman_coeff=0.36), dict(preemphasis_coefficient=0.0),
    dict(preemphasis_coefficient=0.9), dict(remove_dc_offset=False), dict(snip_edges=False),
    dict(round_to_power_of_two=False), dict(frame_length=32.0), dict(frame_length=20.0, frame_shift=12.5),
    dict(frame_shift=5.0), dict(num_mel_bins=40), dict(low_freq=100.0), dict(high_freq=7000.0),
    dict(high_freq=-400.0), dict(raw_energy=False, use_energy=True), dict(use_energy=True, energy_floor=2.0),
    dict(use_energy=True, htk_compat=True)]
FBANK = [dict(use_log_fbank=False), dict(use_power=False), dict(use_energy=True), dict(num_mel_bins=80)]
MFCC = [dict(use_energy=False), dict(use_energy=False, htk_compat=True), dict(num_ceps=20),
        dict(cepstral_lifter=0.0), dict(cepstral_lifter=30.0)]
VARIED = [(k, v) for k, more in (("fbank", FBANK), ("mfcc", MFCC)) for v in COMMON + more]


@pytest.mark.parametrize("kind,values", VARIED)
def test_every_option_varied(kind, values, speech):
    assert_same(kind, speech[:80000], **values)


def test_the_variations_above_cover_every_option():
    for kind in KINDS:
        varied = {name for k, values in VARIED if k == kind for name in values}
        assert set(KINDS[kind][1]().__dataclass_fields__) - OURS_ALONE - {"dither"} == varied


@pytest.mark.parametrize("values", [dict(window_type="hamming"), dict(preemphasis_coefficient=0.0),
                                    dict(remove_dc_offset=False), dict(use_power=False)])
def test_a_varied_option_changes_something(values, speech):
    """The offset makes the mean matter: speech itself has none."""
    samples = speech[:80000] + np.float32(0.1)
    plain, changed = ours("fbank", samples), ours("fbank", samples, **values)
    assert np.abs(plain - changed).max() > 100 * CLOSE
    assert_same("fbank", samples, **values)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 48000])
@pytest.mark.parametrize("snip_edges", [True, False])
def test_other_sample_rates(rate, snip_edges, speech):
    assert_same("fbank", speech[:40000], rate, snip_edges=snip_edges)


@pytest.mark.parametrize("count", [0, 1, 79, 80, 160, 399, 400, 401, 559, 560, 800, 16000])
@pytest.mark.parametrize("snip_edges", [True, False])
def test_short_recordings_have_kaldis_number_of_frames(count, snip_edges, speech):
    samples = speech[20000:20000 + count]
    got, wanted = ours("fbank", samples, snip_edges=snip_edges), theirs("fbank", samples, snip_edges=snip_edges)
    assert len(got) == len(wanted) and got.shape[1] == 23
    if len(got):
        assert np.abs(got - wanted).max() < CLOSE


def test_shorter_than_a_frame_gives_no_frame_or_one(speech):
    assert ours("fbank", speech[:399]).shape == (0, 23)
    assert ours("fbank", speech[:160], snip_edges=False).shape == (1, 23)


@pytest.mark.parametrize("kind", KINDS)
def test_silence_lies_on_the_floor(kind):
    got = ours(kind, np.zeros(8000, np.float32))
    assert np.isfinite(got).all() and np.abs(got - theirs(kind, np.zeros(8000, np.float32))).max() < CLOSE
    if kind == "fbank":
        assert np.allclose(got, np.log(np.finfo(np.float32).eps))


def test_dither_is_noise_of_the_size_asked_for_and_seeded():
    """White noise of deviation d after preemphasis 0, rectangular window: mean power 400 d^2 in each FFT bin."""
    values = dict(dither=3.0, preemphasis_coefficient=0.0, remove_dc_offset=False, window_type="rectangular",
                  use_energy=True)
    silence = np.zeros(160 * 2000, np.float32)
    energy = np.exp(ours("fbank", silence, **values)[:, 0])
    assert energy.mean() == pytest.approx(400 * 9, rel=0.02) and energy.std() > 0
    assert np.array_equal(ours("fbank", silence, **values), ours("fbank", silence, **values))
    assert not np.array_equal(ours("fbank", silence, **values), ours("fbank", silence, dither_seed=1, **values))
    theirs_energy = np.exp(theirs("fbank", silence, **values)[:, 0])
    assert energy.mean() == pytest.approx(theirs_energy.mean(), rel=0.02)


def test_the_sine_window_is_kaldis():
    assert np.allclose(window_function("sine", 5), np.sin(np.pi * np.arange(5) / 4))
