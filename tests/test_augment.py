"""Augmentation: seeded, of the level asked for, and each kind is heard as what it is."""

import numpy as np
import pytest
import soundfile

from diarkit.errors import DiarkitError, UsageError
from diarkit.training.augment import Augment, AugmentOptions, resampled
from diarkit.training.rooms import RoomBank, RoomOptions, decay

RATE = 16000
NOTHING = dict(noise_share=0.0, babble_share=0.0, room_share=0.0, codec_share=0.0, narrow_share=0.0, mask_share=0.0,
               gain_db=0.0)


def tone(hz, seconds=1.0):
    return (0.1 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_nothing_asked_nothing_done():
    x = tone(300)
    assert np.array_equal(Augment(AugmentOptions(**NOTHING), RATE)(x, rng()), x)


def test_the_same_seed_sounds_the_same_and_another_does_not(speech):
    x, options = speech[:32000], AugmentOptions(bank_rooms=3, train_codecs="ulaw,gsm")
    first, again = Augment(options, RATE, 5), Augment(options, RATE, 5)
    voice = lambda count_n, _: speech[40000:40000 + count_n]  # noqa: E731
    heard = [first(x, rng(n), voice) for n in range(12)]
    for n, sound in enumerate(heard):
        assert np.array_equal(again(x, rng(n), voice), sound)
        assert sound.dtype == np.float32 and sound.shape == x.shape and np.isfinite(sound).all()
    assert len({sound.tobytes() for sound in heard}) == 12


@pytest.mark.parametrize("kind", ["made", "file", "babble"])
def test_noise_has_the_level_asked_for(kind, tmp_path):
    x, more = tone(300), {"noise_share": 1.0, "noise_snr_db": "6,6"}
    if kind == "file":
        soundfile.write(tmp_path / "n.wav", rng(1).normal(0, 0.03, 4000), RATE)
        (tmp_path / "noises.scp").write_text(f"n {tmp_path}/n.wav\n")
        more["noises"] = str(tmp_path / "noises.scp")
    if kind == "babble":
        more = {"babble_share": 1.0, "babble_snr_db": "6,6", "babble_voices": "2,3"}
    heard = Augment(AugmentOptions(**NOTHING | more), RATE)(x, rng(), lambda count_n, r: r.normal(0, 1, count_n))
    snr_db = 10 * np.log10(np.mean(x ** 2) / np.mean((heard - x) ** 2))
    assert snr_db == pytest.approx(6, abs=0.3)


def test_no_noises_are_told(tmp_path):
    (tmp_path / "noises.scp").write_text(f"n {tmp_path}/none.wav\n")
    with pytest.raises(DiarkitError, match="noises.scp: n: .*none.wav"):
        Augment(AugmentOptions(noises=str(tmp_path / "noises.scp")), RATE)


def test_babble_comes_as_often_as_asked_beside_noise():
    options = AugmentOptions(**NOTHING | {"noise_share": 0.4, "babble_share": 0.3})
    asked, x = [], tone(300, 0.1)
    augment = Augment(options, RATE)
    for n in range(400):
        before = len(asked)
        augment(x, rng(n), lambda count_n, r: asked.append(1) or np.ones(count_n, np.float32))
        asked[before:] = asked[before:before + 1]
    assert len(asked) / 400 == pytest.approx(0.3, abs=0.07)


def test_a_narrow_band_holds_nothing_above_4_khz():
    heard = Augment(AugmentOptions(**NOTHING | {"narrow_share": 1.0}), RATE)(tone(1000) + tone(6000), rng())
    power = np.abs(np.fft.rfft(heard)) ** 2
    assert power[4200:].sum() < 1e-3 * power.sum() and abs(power.argmax() - 1000) <= 1


def test_too_loud_is_clipped():
    heard = Augment(AugmentOptions(**NOTHING | {"gain_db": 60.0}), RATE)
    peaks = [np.abs(heard(tone(300), rng(n))).max() for n in range(10)]
    assert max(peaks) == 1.0 and min(peaks) < 0.1


def test_another_speed_moves_the_pitch():
    heard = resampled(tone(1000, 1.1), RATE)
    assert len(heard) == RATE and abs(np.abs(np.fft.rfft(heard * np.hanning(RATE))).argmax() - 1100) <= 1
    assert len(resampled(tone(1000, 0.9), RATE)) == RATE


def test_a_room_dies_away_in_its_time_and_keeps_the_level(speech):
    options = RoomOptions(bank_rooms=2, min_rt60=0.5, max_rt60=0.5)
    taps = decay(options, RATE, rng()).taps
    assert taps[0] == max(np.abs(taps)) and np.sum(taps ** 2) == pytest.approx(1, abs=1e-4)
    early, late = (np.mean(taps[round(t * RATE):round((t + 0.05) * RATE)] ** 2) for t in (0.05, 0.3))
    assert 10 * np.log10(early / late) == pytest.approx(60 * 0.25 / 0.5, abs=5)
    x = speech[:32000]
    bank = RoomBank(options, RATE)
    assert len(bank.responses) == 8
    heard = bank(x, rng())
    assert heard.shape == x.shape and np.mean(heard ** 2) == pytest.approx(np.mean(x ** 2), rel=1e-3)
    lag = np.argmax(np.correlate(heard[:8000], x[:8000], "same")) - 4000
    assert lag == 0  # the direct sound stays where it was


def test_measured_rooms(tmp_path, speech):
    taps = np.zeros(800)
    taps[[100, 400]] = 0.8, 0.3
    soundfile.write(tmp_path / "r.wav", taps, RATE)
    (tmp_path / "rirs.scp").write_text(f"r {tmp_path}/r.wav\n")
    bank = RoomBank(RoomOptions(rooms="file", rirs=str(tmp_path / "rirs.scp"), bank_rooms=1), RATE)
    x = speech[:16000]
    expected = x + 0.375 * np.pad(x, (300, 0))[:16000]
    expected *= np.sqrt(np.mean(x ** 2) / np.mean(expected ** 2))
    assert np.abs(bank(x, rng()) - expected).max() < 1e-3


def test_masks_hide_rows_and_columns_behind_the_mean():
    feats = rng(3).normal(size=(100, 20)).astype(np.float32)
    augment = Augment(AugmentOptions(**NOTHING | {"mask_share": 1.0, "time_masks": "2,10", "band_masks": "1,5"}), RATE,
                      sound=False)
    hidden = [augment.mask(feats, rng(n)) == feats.mean(0) for n in range(50)]
    rows, columns = (np.array([h.all(axis).sum() for h in hidden]) for axis in (1, 0))
    assert rows.max() > 10 and rows.max() <= 20 and columns.max() == 5
    assert not np.array_equal(augment.mask(feats, rng(1)), feats) and feats.flags.writeable
    assert np.array_equal(Augment(AugmentOptions(**NOTHING), RATE).mask(feats, rng()), feats)


@pytest.mark.parametrize("wrong", [dict(noise_snr_db="3"), dict(train_codecs="tape"), dict(rooms="file"),
                                   dict(max_rt60=0.1), dict(noise_share=1.5)])
def test_wrong_options_are_refused(wrong):
    with pytest.raises(UsageError):
        AugmentOptions(**wrong)
