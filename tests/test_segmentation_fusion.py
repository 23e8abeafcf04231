"""Speech by the segmentation and Silero together."""

import numpy as np
import pytest

from diarkit.options import from_conf
from diarkit.places import CONF
from diarkit.segmentation import Segmenter, SegmentOptions
from diarkit.segmentation.fusion import BesideSilero, fused
from diarkit.segmentation.grid import FIRST_S, FRAME_S
from diarkit.vad.framing import Samples
from diarkit.vad.silero import Silero


def test_log_odds_are_averaged():
    speech, heard = np.full(100, 0.9, np.float32), np.full(60, 0.2, np.float32)
    both = fused(speech, heard, 0.25)
    odds = 0.75 * np.log(9) + 0.25 * np.log(0.25)
    np.testing.assert_allclose(both, 1 / (1 + np.exp(-odds)), atol=1e-6)
    np.testing.assert_allclose(fused(speech, heard, 0.0), speech, atol=1e-6)
    assert both.dtype == np.float32 and np.array_equal(fused(speech, np.zeros(0, np.float32), 0.5), speech)


def test_one_witness_alone_cannot_be_certain():
    found = fused(np.array([0.0, 1.0]), np.ones(10), 0.5)
    np.testing.assert_allclose(found, [0.5, 0.999], atol=1e-3)


def test_times_agree():
    heard = np.zeros(1000, np.float32)
    heard[500:] = 1.0  # from 16 s on
    both = fused(np.full(1800, 0.5, np.float32), heard, 1.0)
    turn_s = FIRST_S + (np.argmax(both > 0.5) + 0.5) * FRAME_S
    assert abs(turn_s - 500 * 0.032) < FRAME_S


def test_blocks_are_heard_once_by_both():
    rng = np.random.default_rng(0)
    audio = Samples(rng.normal(0, 0.01, 16000 * 65).astype(np.float32), 16000)
    with BesideSilero(audio) as both:
        blocks = list(both.blocks())
        heard = both.probabilities()
    assert sum(map(len, blocks)) == 16000 * 65
    np.testing.assert_array_equal(heard, Silero().probabilities(audio))


@pytest.mark.parametrize("seconds", [0.05, 11.0])
def test_only_the_speech_of_the_scores_changes(seconds):
    rng = np.random.default_rng(1)
    audio = Samples(rng.normal(0, 0.05, round(16000 * seconds)).astype(np.float32), 16000)
    alone, both = (Segmenter(SegmentOptions(silero_weight=w))(audio) for w in (0.0, 0.4))
    np.testing.assert_array_equal(alone.classes, both.classes)
    np.testing.assert_array_equal(alone.scores[:, 1:], both.scores[:, 1:])
    expected = fused(alone.scores[:, 0], Silero().probabilities(audio), 0.4)
    np.testing.assert_array_equal(both.scores[:, 0], expected)
    again = Segmenter(SegmentOptions(silero_weight=0.4, threads=2))(audio)
    np.testing.assert_array_equal(again.scores, both.scores)


def test_the_shipped_configuration_asks_both():
    assert 0 < from_conf(SegmentOptions, CONF / "segmentation/segment.conf").silero_weight < 1
