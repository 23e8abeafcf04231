"""How conversations sound: rooms that leave the reference where it was, noises of known power, codecs without delay."""

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from voices import RATE, speaker_folder, syllables

from diarkit.errors import DiarkitError
from diarkit.simulate import AcousticOptions, Pool
from diarkit.simulate.acoustics import MARGIN_S, Acoustics, cut
from diarkit.simulate.codecs import FORMATS, delay_n, transmit
from diarkit.simulate.noise import NoiseFiles, babble, pink_noise, white_noise
from diarkit.simulate.rooms import MeasuredRooms, Response, direct_sound, image_room, reverberate
from diarkit.simulate.schemes import Placed
from diarkit.simulate.spans import quiet_point, speech_spans


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    return Pool(speaker_folder(tmp_path_factory.mktemp("speakers")), RATE)


def lag_n(heard, sent):
    """The number of samples by which `heard` comes later than `sent`."""
    like = np.fft.irfft(np.fft.rfft(heard, 2 * len(sent)) * np.conj(np.fft.rfft(sent, 2 * len(sent))))
    at = int(np.argmax(like))
    return at if at < len(sent) else at - len(like)


def test_speech_spans_bridge_short_pauses_and_keep_long_ones():
    silence, tone = np.zeros(RATE, np.float32), np.sin(np.arange(RATE) * 0.08).astype(np.float32)
    samples = np.concatenate([silence, tone, silence[:RATE // 5], tone[:RATE // 2], silence, tone])
    assert np.allclose(speech_spans(samples, RATE), [(1.0, 2.7), (3.7, 4.7)], atol=0.05)
    assert speech_spans(np.zeros(10, np.float32), RATE) == []
    assert 2.0 <= quiet_point(samples, RATE, 2.15) <= 2.2 and quiet_point(samples[:10], RATE, 5.0) == 5.0


def test_a_piece_comes_with_the_silence_around_it_but_not_with_the_speech_beside_it(pool):
    utterance = pool.load("ann-0")
    (begin_s, end_s), at_s = utterance.spans[0], utterance.spans[0][0] + 0.4
    whole, lead_n = cut(utterance, 0.0, len(utterance.samples) / RATE, RATE)
    assert lead_n == 0 and np.array_equal(whole, utterance.samples)
    piece, lead_n = cut(utterance, begin_s, at_s, RATE)
    assert lead_n == min(round(MARGIN_S * RATE), round(begin_s * RATE))
    assert len(piece) == lead_n + round(0.4 * RATE) and piece[0] == piece[-1] == 0
    rest, lead_n = cut(utterance, at_s, end_s, RATE)
    assert lead_n == 0 and np.array_equal(rest[200:2000], utterance.samples[round(at_s * RATE):][200:2000])


def test_noises_have_unit_power_and_their_own_colour(pool):
    rng = np.random.default_rng(0)
    absent = {name: us for name, us in pool.groups["all"].items() if name != "ann"}
    for noise in (pink_noise(1 << 16, rng), white_noise(1 << 16, rng), babble(1 << 18, rng, pool, absent)):
        assert noise.dtype == np.float32 and np.mean(noise ** 2) == pytest.approx(1, rel=0.05)
    power = np.abs(np.fft.rfft(pink_noise(1 << 16, rng))) ** 2
    assert 10 * np.log10(power[1000:2000].mean() / power[8000:16000].mean()) == pytest.approx(9.0, abs=1.0)


def test_noise_files_are_cut_or_come_again(tmp_path):
    long = np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32) / 10
    soundfile.write(tmp_path / "long.flac", long, RATE)
    soundfile.write(tmp_path / "short.flac", long[:RATE // 2], RATE)
    (tmp_path / "wav.scp").write_text(f"long {tmp_path}/long.flac\nshort {tmp_path}/short.flac\n")
    noises, rng, names = NoiseFiles(tmp_path / "wav.scp", RATE), np.random.default_rng(0), set()
    for _ in range(12):
        samples, name = noises(RATE, rng)
        names.add(name)
        assert len(samples) == RATE and np.mean(samples ** 2) == pytest.approx(1, rel=0.05)
    assert names == {"long", "short"}
    (tmp_path / "wav.scp").write_text(f"gone {tmp_path}/gone.flac\n")
    with pytest.raises(DiarkitError, match="wav.scp: gone: .*gone.flac"):
        NoiseFiles(tmp_path / "wav.scp", RATE)(RATE, rng)
    (tmp_path / "wav.scp").write_text("")
    with pytest.raises(DiarkitError, match="no noises"):
        NoiseFiles(tmp_path / "wav.scp", RATE)


@pytest.mark.parametrize("codec", [*FORMATS, "pcm"])
@pytest.mark.parametrize("narrow", [False, True])
def test_codecs_keep_length_and_time(codec, narrow):
    sent = syllables(3.0, 140.0, 1)[:3 * RATE - 77]
    heard = transmit(sent, RATE, codec, narrow)
    assert len(heard) == len(sent) and heard.dtype == np.float32
    assert abs(lag_n(heard, sent)) <= 1, "the reference would no longer lie where the sound is"
    assert np.corrcoef(heard, sent)[0, 1] > 0.8
    if codec != "pcm":
        assert not np.allclose(heard, sent, atol=1e-6)
    if narrow or codec == "gsm":
        noise = transmit(white_noise(RATE, np.random.default_rng(0)) / 10, RATE, codec, narrow)
        power = np.abs(np.fft.rfft(noise)) ** 2
        assert power[4200:].mean() < 1e-3 * power[300:3500].mean()


def test_codecs_work_at_rates_that_they_do_not_know():
    sent = syllables(2.0, 140.0, 1)
    for codec in ("opus", "mp3", "gsm"):
        assert len(transmit(sent, 22050, codec)) == len(sent)
        assert abs(delay_n(codec, 8000)) < 8000


def test_a_room_leaves_the_direct_sound_where_it_was():
    pytest.importorskip("pyroomacoustics", reason="rooms by the image method need requirements-simulate.txt")
    options = AcousticOptions(rooms="image", min_rt60=0.4, max_rt60=0.4)
    found, rt60_s = image_room(["ann", "bob", "eve"], options, RATE, np.random.default_rng(3))
    again, _ = image_room(["ann", "bob", "eve"], options, RATE, np.random.default_rng(3))
    click = np.zeros(RATE, np.float32)
    click[5000] = 1
    for name, response in found.items():
        assert np.array_equal(response.taps, again[name].taps)
        assert (response.taps ** 2).sum() == pytest.approx(1, rel=1e-4)
        heard = reverberate(click, response)
        early = np.abs(heard[:4990])
        assert np.abs(heard[4998:5003]).max() > 5 * early.max(), "something came before the direct sound"
        assert abs(direct_sound(heard[:5020]) - 5000) <= 1
        decay = 10 * np.log10(np.cumsum(response.taps[::-1] ** 2)[::-1] + 1e-12)  # Schroeder
        fall_s = (np.argmax(decay < -25) - np.argmax(decay < -5)) / RATE
        assert 3 * fall_s == pytest.approx(rt60_s, rel=0.5)
    assert not np.array_equal(found["ann"].taps[:2000], found["bob"].taps[:2000])


@pytest.mark.parametrize("rooms", ["none", "image"])
def test_a_piece_comes_to_lie_to_the_sample_where_it_was_placed(pool, rooms):
    if rooms == "image":
        pytest.importorskip("pyroomacoustics", reason="rooms by the image method need requirements-simulate.txt")
    options = AcousticOptions(rooms=rooms, min_snr_db=80.0, max_snr_db=80.0, min_rt60=0.15, max_rt60=0.2)
    begin_s, end_s = pool.load("ann-0").spans[0]
    placed, streams = [Placed(1.25, "ann", "ann-0", begin_s, end_s)], [np.random.default_rng(n) for n in range(5)]
    samples, conditions = Acoustics(pool, options)(placed, {"ann": ("ann", 1.0)}, streams)
    expected = np.zeros_like(samples)
    piece = pool.load("ann-0").samples[round(begin_s * RATE):round(end_s * RATE)]
    expected[round(1.25 * RATE):round(1.25 * RATE) + len(piece)] = piece
    assert abs(lag_n(samples, expected)) <= (rooms == "image"), "a place in a room falls between two samples"
    assert (conditions["room"] == "none") == (rooms == "none")


def test_a_room_that_cannot_be_as_dry_as_asked_is_as_dry_as_it_can_be():
    pytest.importorskip("pyroomacoustics", reason="rooms by the image method need requirements-simulate.txt")
    options = AcousticOptions(rooms="image", min_rt60=0.01, max_rt60=0.01)
    found, rt60_s = image_room(["ann"], options, RATE, np.random.default_rng(0))
    assert 0.03 < rt60_s < 0.3 and np.isfinite(found["ann"].taps).all()


def test_measured_rooms(tmp_path):
    for number in range(3):
        taps = np.zeros(4000, np.float32)
        taps[100 + number], taps[900] = 0.8, 0.9  # an echo that is louder than the direct sound
        soundfile.write(tmp_path / f"{number}.wav", taps, RATE, "FLOAT")
    scp = tmp_path / "wav.scp"
    scp.write_text("".join(f"rir{n} {tmp_path}/{n}.wav\n" for n in range(3)))
    found, room = MeasuredRooms(scp, RATE)(["ann", "bob"], np.random.default_rng(0))
    assert room == "all" and len({r.direct_n for r in found.values()}) == 2
    (tmp_path / "rir2room").write_text("rir0 hall\nrir1 hall\nrir2 hut\n")
    rooms = {MeasuredRooms(scp, RATE)(["ann", "bob", "eve"], np.random.default_rng(seed))[1] for seed in range(9)}
    assert rooms == {"hall", "hut"}
    (tmp_path / "rir2room").write_text("rir0 hall\n")
    with pytest.raises(DiarkitError, match="rir2room: rir1 of .*wav.scp is not here"):
        MeasuredRooms(scp, RATE)
    (tmp_path / "rir2room").unlink()
    soundfile.write(tmp_path / "0.wav", np.zeros(100), RATE)
    scp.write_text(f"rir0 {tmp_path}/0.wav\n")
    with pytest.raises(DiarkitError, match="rir0: .*0.wav is silent"):
        MeasuredRooms(scp, RATE)(["ann"], np.random.default_rng(0))


def test_the_extra_has_one_pin():
    pins = [(ROOT / f"requirements-{name}.txt").read_text() for name in ("simulate", "test")]
    assert pins[0].splitlines()[-1].startswith("pyroomacoustics==") and pins[0].splitlines()[-1] in pins[1]


def test_reverberation_is_plain_convolution():
    taps = np.array([0.1, 1.0, 0.5], np.float32)
    sound = np.random.default_rng(0).standard_normal(500).astype(np.float32)
    assert np.allclose(reverberate(sound, Response(taps, 1)), np.convolve(sound, taps)[1:], atol=1e-5)
