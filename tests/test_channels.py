"""Channels that cancel, are silent, or hold one speaker each: what is taken, and that it is told."""

import numpy as np
import pytest
import soundfile

from diarkit.audio import AudioFile, read_audio
from diarkit.channels import choose, leaks, survey

RATE = 16000


def chosen(*channels):
    return choose(survey(np.array_split(np.stack(channels, 1).astype(np.float32), 7), RATE))


@pytest.fixture(scope="module")
def sides(speech):
    """A call: each speaks for two seconds by turns, on a channel of his own, over faint noise."""
    noise = np.random.default_rng(0).normal(0, 1e-4, (2, len(speech))).astype(np.float32)
    first = np.arange(len(speech)) // (2 * RATE) % 2 == 0
    return speech * first + noise[0], speech * ~first + noise[1]


def test_one_speaker_on_each_channel_is_a_call(sides):
    found = chosen(*sides)
    assert found.separate and "a call" in found.why
    left, right = sides
    assert chosen(left + 0.1 * right, 0.3 * (right + 0.1 * left)).separate  # leakage, and a softer phone


def test_stereo_is_no_call(speech):
    room = np.random.default_rng(1).normal(0, 1e-3, len(speech))
    for other in (speech, np.roll(speech, 40) * 0.6 + room):
        found = chosen(speech, other)
        assert not found.separate and found.why == "" and np.allclose(found.weights, 0.5)
    assert not chosen(speech, speech, speech).separate


@pytest.mark.parametrize("signs", [(1, -1), (1, -1, 1, -1), (1, -0.98)])
def test_channels_that_cancel_give_one_of_them(signs, speech):
    found = chosen(*(sign * speech for sign in signs))
    assert sorted(found.weights)[-1] == 1 and found.weights.sum() == 1 and "cancel" in found.why


def test_silent_channels_are_left_out_of_the_mean(speech, tmp_path):
    surround = np.zeros((len(speech), 6), np.float32)
    surround[:, 2] = speech
    found = chosen(*surround.T)
    assert found.weights.tolist() == [0, 0, 1, 0, 0, 0] and "1, 2, 4, 5, 6 of 6 are silent" in found.why
    soundfile.write(tmp_path / "six.wav", surround, RATE, subtype="FLOAT")
    assert np.array_equal(read_audio(str(tmp_path / "six.wav")), speech)
    assert chosen(speech, speech * 1e-4).why == "channel 2 of 2 is silent and left out"


def test_the_mix_of_channels_that_cancel_is_one_of_them(speech, tmp_path):
    soundfile.write(tmp_path / "anti.wav", np.stack([speech, -speech], 1), RATE, subtype="FLOAT")
    file = AudioFile(str(tmp_path / "anti.wav"))
    assert np.array_equal(np.abs(np.concatenate(list(file.blocks()))), np.abs(speech)) and "cancel" in file.mixed.why


def test_digital_silence_on_all_channels_is_silence():
    found = chosen(np.zeros(8000), np.zeros(8000))
    assert np.allclose(found.weights, 0.5) and not found.separate and found.why == ""


def test_what_leaks_into_the_other_channel_is_told(sides):
    left, right = sides[0] + 0.1 * sides[1], sides[1] + 0.1 * sides[0]
    levels = survey([np.stack([left, right], 1)], RATE).levels
    first = np.arange(len(levels)) // 20 % 2 == 0
    assert leaks(levels, 0)[~first].mean() > 0.6 and leaks(levels, 0)[first].mean() < 0.1
