"""Features of the change detector: the definition in plain float64, blocks, silence, short recordings, any rate."""

import numpy as np
import pytest
import scipy.fft
import soundfile
from conftest import ROOT

from diarkit.errors import UsageError
from diarkit.features import change
from diarkit.features.change import ChangeAudioOptions, ChangeFeats, ChangeFeatsOptions
from diarkit.options import from_conf
from diarkit.tables import read_matrices

RATE = 22050
FLAT = ChangeFeatsOptions(normalize=False)


def triangles(bands, top_hz):
    """Slaney's filters one by one: 66.67 Hz a mel to 1000 Hz, then 27 mels for each factor of 6.4; area 1."""
    def to_hz(mel):
        return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)
    top = top_hz * 3 / 200 if top_hz < 1000 else 15 + 27 * np.log(top_hz / 1000) / np.log(6.4)
    edges = [to_hz(top * k / (bands + 1)) for k in range(bands + 2)]
    filters = np.zeros((1025, bands))
    for k in range(bands):
        low, mid, high = edges[k:k + 3]
        for n in range(1025):
            hz = n * RATE / 2048
            if low < hz < high:
                filters[n, k] = min((hz - low) / (mid - low), (high - hz) / (high - mid)) * 2 / (high - low)
    return filters


def plain_cepstra(samples, top_hz=RATE / 2, top_db=80):
    """MFCC 0-11 in decibels, frame by frame."""
    padded = np.concatenate([np.zeros(1024), samples.astype(np.float64), np.zeros(1024)])
    window = np.sin(np.pi * np.arange(2048) / 2048) ** 2
    frames = [padded[t * 512:t * 512 + 2048] * window for t in range(1 + len(samples) // 512)]
    power = np.abs(scipy.fft.rfft(frames)) ** 2 @ triangles(128, top_hz)
    decibels = 10 * np.log10(np.maximum(power, 1e-10))
    if top_db is not None:
        decibels = np.maximum(decibels, decibels.max() - top_db)
    return scipy.fft.dct(decibels, norm="ortho")[:, :12]


def plain_delta(values, order, width=9):
    """The slope or curvature of the polynomial of that order through the 9 frames around each, or the outermost 9."""
    out = np.zeros_like(values)
    for t in range(len(values)):
        first = min(max(t - width // 2, 0), len(values) - width)
        at = np.arange(width) + first - t
        fit = np.linalg.lstsq(np.vander(at, order + 1, increasing=True).astype(float), values[first:first + width],
                              rcond=None)[0]
        out[t] = fit[order] * order  # 1! and 2!
    return out


@pytest.fixture
def sound():
    """Three seconds whose loudness and colour move, with digital silence in between."""
    rng, at = np.random.default_rng(0), np.arange(3 * RATE) / RATE
    x = 0.3 * np.sin(2 * np.pi * (300 + 500 * at) * at) * (1 + np.sin(7 * at)) / 2 + rng.normal(0, 0.01, len(at))
    x[RATE:RATE + 4000] = 0
    return x.astype(np.float32)


@pytest.mark.parametrize("given, top_hz, top_db", [
    ({}, 8000, 80), (dict(top_db=None), 8000, None), (dict(high_freq=0.0), RATE / 2, 80)])
def test_the_definition(sound, given, top_hz, top_db):
    ceps = plain_cepstra(sound, top_hz, top_db)
    wanted = np.concatenate([ceps[:, 1:], plain_delta(ceps, 1), plain_delta(ceps, 2)], axis=1)
    flat = ChangeFeats(ChangeFeatsOptions(normalize=False, **given))(sound)
    assert flat.shape == wanted.shape == (1 + len(sound) // 512, 35) and flat.dtype == np.float32
    np.testing.assert_allclose(flat, wanted, atol=2e-3)
    normal = ChangeFeats(ChangeFeatsOptions(**given))(sound)
    np.testing.assert_allclose(normal, (wanted - wanted.mean(0)) / wanted.std(0), atol=2e-3)
    assert np.abs(normal.mean(0)).max() < 1e-5 and np.abs(normal.std(0) - 1).max() < 1e-4


@pytest.mark.parametrize("size", [700, 5000, 10 ** 6])
def test_blocks_are_one_piece(sound, size, monkeypatch):
    whole = ChangeFeats()(sound)
    parts = list(ChangeFeats().blocks(lambda: (sound[a:a + size] for a in range(0, len(sound), size))))
    assert np.array_equal(np.concatenate(parts), whole) and len(parts) == 1
    flat = ChangeFeats(FLAT)(sound)
    for frames in (1, 7, 30, 128):
        monkeypatch.setattr(change, "BLOCK_T", frames)
        assert np.array_equal(ChangeFeats(FLAT)(sound), flat)
        np.testing.assert_allclose(ChangeFeats()(sound), whole, atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 100, 511, 512, 3000, 5000])
def test_short_and_silent_recordings_are_ordinary(count):
    feats = ChangeFeats()
    noise = np.random.default_rng(1).normal(0, 0.1, count).astype(np.float32)
    for samples in (noise, np.zeros(count, np.float32)):
        found = feats(samples)
        assert found.shape == ((1 + count // 512) * (count > 0), 35) and np.isfinite(found).all()
    assert not found.any()


def test_what_is_still_but_for_rounding_is_zero(monkeypatch):
    """Matrix products may round rows of the same numbers differently, by place and processor."""
    rng = np.random.default_rng(3)
    still = np.float32(-1131.4) * (1 + rng.integers(-2, 3, (40, change.CEPS)) * np.finfo(np.float32).eps)
    monkeypatch.setattr(ChangeFeats, "cepstra", lambda self, read: still.astype(np.float32))
    assert not ChangeFeats()(np.zeros(40 * 512, np.float32)).any()


def test_the_binary_takes_any_rate_and_the_conf_is_the_default(call, tmp_path):
    assert from_conf(ChangeFeatsOptions, str(ROOT / "conf/features/change_feats.conf")) == ChangeFeatsOptions()
    rng, lines = np.random.default_rng(2), []
    for rate in (8000, 16000, 22050, 48000):
        soundfile.write(tmp_path / f"{rate}.flac", rng.normal(0, 0.1, (2 * rate, 2)), rate)
        lines.append(f"r{rate} {rate}.flac\n")
    (tmp_path / "wav.scp").write_text("".join(lines))
    done = call("compute-change-feats.py", f"--config={ROOT}/conf/features/change_feats.conf", "scp:wav.scp",
                "ark:feats.ark")
    assert done.returncode == 0, done.stderr
    shapes = {key: load().shape for key, load in read_matrices(f"ark:{tmp_path}/feats.ark")}
    assert shapes == {f"r{rate}": (1 + 2 * RATE // 512, 35) for rate in (8000, 16000, 22050, 48000)}
    wrong = call("compute-change-feats.py", "--sample-rate=16000", "scp:wav.scp", "ark:feats.ark")
    assert wrong.returncode == 2 and "--sample-rate must be one of 22050" in wrong.stderr
    with pytest.raises(UsageError, match="odd, not 8"):
        ChangeFeatsOptions(delta_width=8)
    with pytest.raises(UsageError, match="channel"):
        ChangeAudioOptions(channel="left")
