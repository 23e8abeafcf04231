"""Composed conversations: the reference is where the speech was put."""

import numpy as np
import pytest

from diarkit.compose import ComposeOptions, mix, pink_noise, schedule, speech_spans
from diarkit.errors import UsageError

RATE = 16000


def tone(seconds, hertz=200.0):
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def test_speech_spans_bridge_short_pauses_and_keep_long_ones():
    silence = np.zeros(RATE, np.float32)
    samples = np.concatenate([silence, tone(1.0), silence[:RATE // 5], tone(0.5), silence, tone(1.0)])
    spans = speech_spans(samples, RATE)
    assert np.allclose(spans, [(1.0, 2.7), (3.7, 4.7)], atol=0.05)
    assert speech_spans(np.zeros(10, np.float32), RATE) == []


def test_pink_noise_falls_three_decibels_an_octave():
    power = np.abs(np.fft.rfft(pink_noise(1 << 16, np.random.default_rng(0)))) ** 2
    low, high = power[1000:2000].mean(), power[8000:16000].mean()
    assert 10 * np.log10(low / high) == pytest.approx(9.0, abs=1.0)


def test_a_schedule_uses_everyone_and_nobody_talks_over_himself():
    options = ComposeOptions(duration=120.0, overlap=0.5)
    speakers = {s: [f"{s}{i}" for i in range(3)] for s in "abc"}
    lengths_s = {u: 3.0 for us in speakers.values() for u in us}
    placed = schedule(speakers, lengths_s, options, np.random.default_rng(1))
    assert {s for _, s, _ in placed} == set("abc")
    for name in "abc":
        starts = sorted(t for t, s, _ in placed if s == name)
        assert np.all(np.diff(starts) >= 3.0 - 1e-9)
    starts = [t for t, _, _ in placed]
    assert any(b < a + 3.0 for a, b in zip(starts, starts[1:])), "an overlap probability of one half gave no overlap"


def test_one_speaker_alone_never_changes():
    placed = schedule({"a": ["x", "y"]}, {"x": 5.0, "y": 4.0}, ComposeOptions(duration=60.0, min_speakers=1),
                      np.random.default_rng(0))
    assert {s for _, s, _ in placed} == {"a"}


def test_the_reference_lies_where_the_sound_is():
    placed = [(1.0, "a", "u"), (4.0, "b", "v")]
    samples, turns = mix(placed, {"u": tone(2.0), "v": tone(1.0)}.get, ComposeOptions(min_snr_db=60.0, max_snr_db=60.0),
                         np.random.default_rng(0))
    assert [(round(a, 1), round(b, 1), s) for a, b, s in turns] == [(1.0, 3.0, "a"), (4.0, 5.0, "b")]
    spoken, quiet = samples[RATE:3 * RATE], samples[int(3.2 * RATE):int(3.8 * RATE)]
    assert spoken.std() > 100 * quiet.std() and np.abs(samples).max() <= 0.9 + 1e-6


def test_an_empty_range_of_speakers_is_refused():
    with pytest.raises(UsageError, match="--max-speakers 2 is below"):
        ComposeOptions(min_speakers=3, max_speakers=2)


def test_the_binary_composes_the_same_twice(call, tmp_path, speech, conversations):
    folder = conversations.parent / "speech" / "librispeech_train_clean_5"
    files = [f for d in sorted(folder.iterdir())[:3] for f in sorted(d.glob("*.opus"))[:2]]
    (tmp_path / "wav.scp").write_text("".join(f"{f.parent.name}_{f.stem} {f}\n" for f in files))
    (tmp_path / "utt2spk").write_text("".join(f"{f.parent.name}_{f.stem} {f.parent.name}\n" for f in files))
    for out in ("one", "two"):
        done = call("compose-conversations.py", "--num-conversations=2", "--duration=40", "--max-speakers=3",
                    "wav.scp", "utt2spk", out)
        assert done.returncode == 0, done.stderr
    for name in ("ref.rttm", "reco2dur", "reco2num_spk", "audio/conv0001.flac"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    counts = dict(line.split() for line in (tmp_path / "one" / "reco2num_spk").read_text().splitlines())
    for reco, count in counts.items():
        lines = [x.split() for x in (tmp_path / "one" / "ref.rttm").read_text().splitlines()]
        assert len({x[7] for x in lines if x[1] == reco}) == int(count)
