"""Promises of the default pipeline on sound that is no conversation, and its repeatability."""

import numpy as np
import pytest
import soundfile
from conftest import SHARED
from recipes import make_recipe, mini_audio, results, run, turns

from diarkit.simulate.noise import pink_noise

pytestmark = pytest.mark.models
RATE = 16000


def chords(seconds):
    """Return plucked chords with overtones, a new one every half second, float32."""
    rng, notes = np.random.default_rng(0), 220 * 2 ** (np.array([0, 4, 7, 12]) / 12)
    time_s = np.arange(RATE // 2) / RATE
    parts = []
    for _ in range(2 * seconds):
        tones = notes * 2 ** (rng.integers(-5, 6) / 12)
        wave = sum(np.sin(2 * np.pi * f * k * time_s) / k for f in tones for k in (1, 2, 3))
        parts.append(0.05 * wave * np.exp(-4 * time_s))
    return np.concatenate(parts).astype(np.float32)


def alone(seconds):
    """Return one LibriSpeech reader alone, utterance after utterance with pauses, or skip loudly."""
    folder = SHARED / "speech" / "librispeech_train_clean_5"
    if not folder.exists():
        pytest.skip(f"no real speech: {folder} is absent")
    reader = max(sorted(folder.iterdir()), key=lambda f: len(list(f.glob("*.opus"))))
    parts, pause = [], np.zeros(RATE // 2, np.float32)
    files = sorted(reader.glob("*.opus"))
    while sum(map(len, parts)) < seconds * RATE:
        parts += [soundfile.read(files[len(parts) // 2 % len(files)], dtype="float32")[0], pause]
    return np.concatenate(parts)[:seconds * RATE]


def diarized(folder, environment, sounds, *words):
    """Write {name: samples}, run egs/wavs on them, return {name: turns}."""
    recipe = make_recipe(folder, "wavs")
    (recipe / "audio").mkdir()
    for name, samples in sounds.items():
        soundfile.write(recipe / "audio" / f"{name}.flac", samples, RATE)
    status, said = run(recipe, environment, "--audio", "audio", *words)
    assert status == 0, said
    return {name: turns(results(recipe) / "rttm" / f"{name}.rttm") for name in sounds}


def test_silence_noise_and_music_have_no_speakers(tmp_path, environment):
    mini_audio(environment)
    rng = np.random.default_rng(1)
    sounds = {"silence": np.zeros(30 * RATE, np.float32), "pink": 0.05 * pink_noise(30 * RATE, rng),
              "hum": (0.1 * np.sin(2 * np.pi * 50 * np.arange(30 * RATE) / RATE)).astype(np.float32),
              "white": (0.05 * rng.standard_normal(30 * RATE)).astype(np.float32), "music": chords(30)}
    assert {name: found for name, found in diarized(tmp_path, environment, sounds).items() if found} == {}


@pytest.mark.parametrize("seconds", [90, pytest.param(600, marks=pytest.mark.slow)])
def test_one_speaker_alone_is_one_speaker(tmp_path, environment, seconds):
    found = diarized(tmp_path, environment, {"alone": alone(seconds)})["alone"]
    assert len({speaker for *_, speaker in found}) == 1
    assert sum(end - start for start, end, _ in found) > 0.6 * seconds


def test_same_input_same_output_and_threads_change_no_label(tmp_path, environment):
    samples, _, _ = mini_audio(environment)
    sounds = {"talk": samples, "half": samples[len(samples) // 2:]}
    one = diarized(tmp_path / "one", environment, sounds)
    assert diarized(tmp_path / "again", environment, sounds) == one
    assert diarized(tmp_path / "threads", environment, sounds, "--threads", "2", "--nj", "1") == one
    assert len({speaker for *_, speaker in one["talk"]}) == 2
