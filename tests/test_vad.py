"""The detectors on real and made sound: who hears speech where, on short, silent and odd files, in bounded memory."""

import functools
import tracemalloc

import kaldi_native_fbank
import numpy as np
import pytest
import soundfile
from conftest import ROOT
from scipy.signal import lfilter

from diarkit import models, vad
from diarkit.audio import AudioFile, AudioOptions
from diarkit.errors import DiarkitError, UsageError
from diarkit.options import from_conf
from diarkit.vad import OPTIONS, Samples, SpeechDetector, VadOptions, detect
from diarkit.vad.energy import Energy, EnergyOptions, decide, log_energies
from diarkit.vad.level import levelled
from diarkit.vad.oracle import OracleOptions
from diarkit.vad.score import score_spans
from diarkit.vad.silero import Silero, SileroOptions
from diarkit.vad.spans import length_s
from diarkit.vad.webrtc import Webrtc, WebrtcOptions

RATE = 16000
METHODS = ["webrtc", "energy", pytest.param("silero", marks=pytest.mark.models)]


@functools.cache
def why_no_weights():
    """Return why Silero's network can be neither found nor fetched, None when it is here; asked once."""
    try:
        models.fetch("silero")
    except DiarkitError as error:
        return f"NO WEIGHTS: {error}"


@pytest.fixture(autouse=True)
def _weights(request):
    if request.node.get_closest_marker("models") and why_no_weights():
        pytest.skip(why_no_weights())


def vowel(seconds, rate=RATE):
    """Return a sound like a sung vowel: pulses through three formants, loudness rising and falling at 4 Hz."""
    time = np.arange(round(seconds * rate)) / rate
    sound = np.diff(np.floor(time * 120), prepend=0) + 0.0
    for formant, width in ((700, 80), (1200, 100), (2600, 150)):
        r = np.exp(-np.pi * width / rate)
        sound = lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * formant / rate), r * r], sound)
    sound *= 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)
    return (0.4 * sound / np.abs(sound).max()).astype(np.float32)


def between_noise(sound, before_s, after_s, rate=RATE):
    """Return a sound between stretches of very faint noise."""
    noise = np.random.default_rng(0).normal(0, 1e-4, round((before_s + after_s) * rate) + len(sound))
    noise[round(before_s * rate):round(before_s * rate) + len(sound)] += sound
    return noise.astype(np.float32)


@pytest.mark.parametrize("method", ["webrtc", "energy"])
def test_a_vowel_between_silences_is_one_segment(method):
    made = detect(Samples(between_noise(vowel(2.0), 2, 2), RATE), VadOptions(method=method, pad_s=0))
    assert made == pytest.approx(np.array([[2.0, 4.0]]), abs=0.3)  # the ring is 0.2


@pytest.mark.parametrize("method", METHODS)
def test_real_speech_is_found_from_its_start_to_its_end_and_the_silence_around_it_is_not(method, speech):
    audio, length_s = Samples(between_noise(speech, 3, 3), RATE), len(speech) / RATE
    made = detect(audio, VadOptions(method=method, min_silence_s=2.0))  # longer than a reader's pauses
    assert made == pytest.approx(np.array([[3.0, 3.0 + length_s]]), abs=0.5)
    score = score_spans([[3, 3 + length_s]], detect(audio, VadOptions(method=method)), [[0, 6 + length_s]])
    assert score.miss_s < 0.2 * length_s and score.alarm_s < 0.5  # what is missed are the pauses


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_has_no_speech(method, level):
    noise = np.random.default_rng(1).normal(0, level, 10 * RATE).astype(np.float32)
    assert detect(Samples(noise, RATE), VadOptions(method=method)).shape == (0, 2)


@pytest.mark.parametrize("method", METHODS)
def test_a_file_of_50_ms_at_8_khz_in_stereo_works(method, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([vowel(0.05, 8000)] * 2, axis=1), 8000)
    made = detect(AudioFile(str(tmp_path / "a.wav")), VadOptions(method=method, min_speech_s=0))
    assert not len(made) or (made[0, 0] >= 0 and made[-1, 1] <= 0.05)


@pytest.mark.parametrize("method", METHODS)
def test_telephone_speech_at_8_khz_is_found_where_it_is(method, speech, tmp_path):
    soundfile.write(tmp_path / "a.wav", between_noise(speech, 2, 2)[::2], 8000)
    made = detect(AudioFile(str(tmp_path / "a.wav")), VadOptions(method=method, min_silence_s=2.0))
    assert made == pytest.approx(np.array([[2.0, 2.0 + len(speech) / RATE]]), abs=0.5)


@pytest.mark.parametrize("rate", [8000, 16000, 32000, 48000])
def test_webrtc_decides_at_each_of_its_rates(rate):
    samples = between_noise(vowel(1.5, rate), 1, 1, rate)
    for mode, frame_ms in ((0, 10), (1, 20), (2, 30), (3, 10)):
        opts = WebrtcOptions(webrtc_mode=mode, webrtc_frame_ms=frame_ms)
        active = Webrtc(opts).decisions(Samples(samples, rate))
        assert len(active) == np.ceil(3500 / frame_ms) and active.dtype == bool
        assert active[round(1300 / frame_ms):round(2300 / frame_ms)].mean() > 0.8
        assert not active[round(200 / frame_ms):round(900 / frame_ms)].any()  # it starts awake


def test_a_wrong_rate_is_named():
    with pytest.raises(UsageError, match="--sample-rate must be one of 8000.*not 22050"):
        detect(Samples(vowel(1.0), 22050), VadOptions(method="webrtc"))


def test_plain_runs_are_the_runs_of_the_decisions():
    audio = Samples(between_noise(vowel(1.0), 1, 1), RATE)
    opts = WebrtcOptions(webrtc_ring_s=0, webrtc_frame_ms=20)
    active, made = Webrtc(opts).decisions(audio), Webrtc(opts)(audio)
    middles = (np.arange(len(active)) + 0.5) * 0.02
    assert [any(a < t < b for a, b in made) for t in middles] == active.tolist()


def test_log_energies_are_kaldis(speech):
    opts = kaldi_native_fbank.FbankOptions()
    opts.use_energy, opts.frame_opts.dither, opts.frame_opts.snip_edges = True, 0, False
    other = kaldi_native_fbank.OnlineFbank(opts)
    shifted = speech[:5 * RATE + 37] + np.float32(0.1)  # a constant part, which a frame's energy leaves out
    other.accept_waveform(RATE, (shifted * 32768).tolist())
    other.input_finished()
    wanted = np.array([other.get_frame(t)[0] for t in range(other.num_frames_ready)])
    made = log_energies(Samples(shifted, RATE))
    assert len(made) - len(wanted) in (0, 1)
    assert made[:len(wanted)] == pytest.approx(wanted, abs=1e-3)


def test_energy_decisions_by_kaldis_rule():
    energies = np.array([0, 0, 10, 0, 0, 0, 10, 10, 10, 0], np.float32)  # the mean is 4
    base = dict(energy_threshold=5.0, energy_mean_scale=0.5, frames_context=0, proportion_threshold=0.6)
    assert decide(energies, EnergyOptions(**base)).tolist() == (energies > 7).tolist()
    wide = decide(energies, EnergyOptions(**{**base, "frames_context": 1, "proportion_threshold": 0.5}))
    assert np.flatnonzero(wide).tolist() == [6, 7, 8, 9]  # at the end one of two frames is half of them
    assert not decide(energies, EnergyOptions(**{**base, "energy_threshold": 8.0})).any()  # 8 + 0.5 * 4 is not exceeded


@pytest.mark.models
def test_silero_hears_real_speech_and_not_noise_hum_or_silence(speech):
    hear = Silero().probabilities
    assert np.median(hear(Samples(speech, RATE))) > 0.8
    time, random = np.arange(5 * RATE) / RATE, np.random.default_rng(0)
    for sound in (random.normal(0, 0.1, 5 * RATE), 0.2 * np.sin(2 * np.pi * 50 * time), np.zeros(5 * RATE)):
        assert hear(Samples(sound.astype(np.float32), RATE)).max() < 0.1


@pytest.mark.models
def test_silero_refuses_another_rate():
    with pytest.raises(UsageError, match="--sample-rate must be 16000"):
        detect(Samples(vowel(1.0), 8000), VadOptions(method="silero"))


def test_a_file_that_is_no_network_is_named(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"no network")
    with pytest.raises(DiarkitError, match="x.onnx: cannot be loaded"):
        Silero(SileroOptions(silero_model=str(tmp_path / "x.onnx")))


class InBlocks(Samples):
    """Samples in blocks of one size, whatever the reader asks for."""

    def blocks(self, block_s=None):
        return super().blocks(0.7123)


@pytest.mark.parametrize("method", METHODS)
def test_streaming_equals_one_shot(method, speech):
    raw = {"webrtc": lambda a: Webrtc().decisions(a), "energy": log_energies,
           "silero": lambda a: Silero().probabilities(a)}
    one, many = (raw[method](kind(speech, RATE)) for kind in (Samples, InBlocks))
    assert len(one) and one == pytest.approx(many, abs=1e-4)


class Endless:
    """Ten minutes of speech that exist one block at a time."""

    options, duration_s = AudioOptions(), 600.0

    def __init__(self, speech):
        self.block = np.resize(speech, 30 * RATE)

    def blocks(self, block_s=30.0):
        return (self.block.copy() for _ in range(20))


@pytest.mark.parametrize("method", METHODS)
def test_memory_is_bounded_by_the_block(method, speech):
    detector, audio = SpeechDetector(VadOptions(method=method)), Endless(speech)
    tracemalloc.start()
    try:
        made = detector(audio)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert made[-1, 1] > 590
    assert peak < 16e6 < 4 * 600 * RATE  # ten minutes of samples are 38 MB


def test_the_oracle_is_the_union_of_the_references_turns(tmp_path):
    turns = (("x", 0.5, 1.0), ("y", 1.2, 1.0), ("x", 2.9, 5.0))
    (tmp_path / "r").write_text("".join(f"SPEAKER a 1 {t} {n} <NA> <NA> {who} <NA> <NA>\n" for who, t, n in turns))
    own = OracleOptions(oracle_rttm=str(tmp_path / "r"))
    opts = from_conf(VadOptions, ROOT / "conf" / "vad/oracle.conf", method="oracle")
    silence = Samples(np.zeros(3 * RATE, np.float32), RATE)
    assert detect(silence, opts, own, reco="a").tolist() == [[0.5, 2.2], [2.9, 3.0]]
    within = [[1, 2], [2.1, 2.95]]
    assert detect(silence, opts, own, reco="a", within=within).tolist() == [[1, 2], [2.1, 2.2], [2.9, 2.95]]
    assert detect(silence, opts, own, reco="b").shape == (0, 2)
    with pytest.raises(UsageError, match="needs --oracle-rttm"):
        detect(silence, VadOptions(method="oracle"))


def test_an_option_of_another_method_is_refused():
    with pytest.raises(UsageError, match="--webrtc-mode means nothing to --method=energy"):
        SpeechDetector(VadOptions(method="energy"), EnergyOptions(), WebrtcOptions(webrtc_mode=1))


def test_options_of_the_chosen_method_reach_it():
    opts = EnergyOptions(energy_threshold=50.0)
    detector = SpeechDetector(VadOptions(method="energy"), WebrtcOptions(), opts)
    assert isinstance(detector.method, Energy) and detector.method.options is opts
    assert set(vad.METHODS) == {"webrtc", "energy", "silero", "oracle"} and len(OPTIONS) == 5
    assert not len(detector(Samples(vowel(1.0), RATE)))


def test_silero_ends_speech_below_its_start():
    with pytest.raises(UsageError, match="--silero-offset 0.6 must not exceed --silero-onset 0.5"):
        SileroOptions(silero_onset=0.5, silero_offset=0.6)


@pytest.fixture(scope="module")
def mini():
    try:
        return soundfile.read(models.fetch("mini-audio"), dtype="float32")
    except DiarkitError as error:
        pytest.skip(f"NO MINI CONVERSATION: {error}")


@pytest.mark.parametrize("method", ["webrtc", "energy"])
@pytest.mark.parametrize("gain, said", [(0.1, "it is quiet"), (0.01, "it is quiet"), (32768, "floats in the range of")])
def test_detectors_by_level_hear_speech_of_any_level(mini, method, gain, said):
    samples, rate = mini
    detector = SpeechDetector(VadOptions(method=method))
    whole = length_s(detector(Samples(samples, rate)))
    assert detector.note == "" and whole > 20
    assert abs(length_s(detector(Samples(samples * np.float32(gain), rate))) - whole) < 0.06 * whole
    assert said in detector.note


def test_quiet_noise_and_silence_are_not_brought_up():
    noise = 1e-3 * np.random.default_rng(0).standard_normal(16000 * 5).astype(np.float32)
    for samples in (noise, np.zeros(16000, np.float32), np.zeros(0, np.float32)):
        given = Samples(samples, 16000)
        assert levelled(given) == (given, "")
