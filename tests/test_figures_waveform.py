"""Pictures of sound, who talks and where the speaker changes."""


import numpy as np
import pytest
import soundfile
from figures import CAST, HYP, RATE, REF, column, noise, pixels, scene, where, written

from diarkit.annotation import Turn
from diarkit.audio import AudioFile
from diarkit.export import waveform
from diarkit.export.cast import Cast
from diarkit.export.envelope import envelope, thin_curve
from diarkit.export.palette import FIRST
from diarkit.export.scene import Scene, Sound, make_scene, shares, sound_of


@pytest.mark.parametrize("total", [1, 7, 99, 100, 199, 200, 201, 12345])
def test_an_envelope_is_that_of_the_samples_however_they_come(total):
    samples = np.random.default_rng(total).standard_normal(total).astype(np.float32)
    one, step, count = envelope([samples], 100)
    cuts = np.sort(np.random.default_rng(1).integers(0, total + 1, 9))
    assert all(np.array_equal(a, b) for a, b in zip((one, step, count), envelope(np.split(samples, cuts), 100)))
    assert count == total and min(total, 100) <= len(one) <= 200
    parts = [samples[i:i + step] for i in range(0, total, step)]
    assert np.array_equal(one, [(p.min(), p.max()) for p in parts])
    assert len(envelope([])[0]) == 0


def test_a_curve_is_thinned_to_the_range_of_its_neighbours():
    curve = np.stack([np.arange(1000.0), np.sin(np.arange(1000.0))], 1)
    assert np.array_equal(thin_curve(curve)[1], curve[:, 1]) and np.array_equal(thin_curve(curve)[2], curve[:, 1])
    times, low, high = thin_curve(curve, 50)
    assert len(times) == 100 and times[3] == 30 and low[3] == curve[30:40, 1].min() and high[3] == curve[30:40, 1].max()
    assert [len(x) for x in thin_curve(np.zeros((0, 2)))] == [0, 0, 0]


def test_a_sound_is_read_from_a_file_once_in_bounded_memory(tmp_path):
    samples = noise(3)
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    file = AudioFile(str(tmp_path / "a.wav"))
    sound = sound_of(file, 500)
    assert sound.duration_s == 3 and 500 <= len(sound.times) <= 1000 and sound.times[-1] == pytest.approx(3, abs=0.01)


def test_those_who_talk_at_once_share_the_place():
    found = shares(REF)
    assert found == {"Ann": {(0, 1): [(1, 3), (7, 2)], (0, 2): [(6, 1)]}, "Bob": {(0, 1): [(4, 2)], (1, 2): [(6, 1)]}}
    assert shares([]) == {}


def test_a_scene_is_cut_to_a_stretch():
    part = scene(changes=[8, 2, 4.5], curve=[[1, 0.5], [np.nan, 1], [4, np.inf], [4.5, 2]]).between(3, 5)
    assert part.changes.tolist() == [4.5] and part.wanted.tolist() == [4] and part.curve.tolist() == [[4.5, 2]]
    assert [t[1:3] for t in part.cast.reference] == [(3, 4), (4, 5)] and part.cast.mapping == CAST.mapping
    assert part.sound.times.min() >= 3 and part.sound.times.max() < 5
    assert Scene(scene().sound, Cast()).between(0, 1)[2:] == (None, None, None)


def test_a_waveform_shows_sound_speakers_and_changes_at_their_times():
    changes, options = [2.5, 4.1, 8.25], waveform.WaveformOptions()
    curve = np.stack([np.arange(0, 10, 0.02), np.random.default_rng(0).random(500)], 1)
    figure = waveform.draw("r", scene(changes=changes, curve=curve), options)
    picture = pixels(written(figure, options))
    sound, lanes, below = figure.axes
    assert all(len(where(picture, colour)[0]) > 200 for colour in (*FIRST[:2], waveform.SOUND, waveform.CURVE))
    reds = where(picture, waveform.FOUND)
    for seconds in changes:
        at = column(lanes, seconds)
        assert ((np.abs(reds[1] - at) < 2).sum()) > 100, seconds
    assert all(min(abs(x - column(lanes, s)) for s in changes) < 3 or x < column(lanes, 0) + 700 and y > 540
               for y, x in zip(*reds))  # nowhere else but in the legend
    blue = where(picture, FIRST[0], near=1)
    lane = slice(*sorted(int(picture.shape[0] - lanes.transAxes.transform((0, y))[1]) for y in (0, 1)))
    inside = blue[1][(blue[0] >= lane.start) & (blue[0] < lane.stop)]
    assert inside.min() == pytest.approx(column(lanes, 1), abs=2)
    assert inside.max() == pytest.approx(column(lanes, 9), abs=2)
    assert sound.get_title(loc="right") == "changes of speaker: 3 in the reference, 3 found"
    assert below.get_xlim() == (0, 10) and [t.get_text() for t in lanes.get_yticklabels()] == [
        "reference", "hypothesis", "changes"]
    named = [t.get_text() for t in figure.legends[0].get_texts()]
    assert named == ["SPEAKER_00 = Ann", "SPEAKER_01 = Bob", "change in the reference", "change that was found"]


def test_a_waveform_shows_what_is_given_and_no_more():
    for cast, more, lanes in ((Cast(), {}, None), (Cast(None, HYP), {}, ["hypothesis"]), (Cast(REF), {}, ["reference",
                              "changes"]), (Cast(None, []), {"changes": []}, ["hypothesis", "changes"])):
        figure = waveform.draw("r", scene(cast=cast, **more))
        assert len(figure.axes) == 1 + bool(lanes)
        assert not lanes or [t.get_text() for t in figure.axes[1].get_yticklabels()] == lanes
    empty = waveform.draw("r", scene(cast=Cast(), curve=np.zeros((0, 2))))
    assert empty.axes[-1].texts[0].get_text() == "no scores"


@pytest.mark.parametrize("samples, said", [(np.zeros(4000), "silence"), (np.full(1, 0.5), "peak -6.0 dB"),
                                           (np.full(4000, 2.0), "peak 6.0 dB")])
def test_silence_one_sample_and_beyond_full_scale_are_drawn(samples, said):
    extremes, step_n, total_n = envelope([samples.astype(np.float32)])
    sound = Sound((np.arange(len(extremes)) + 0.5) * step_n / RATE, extremes, total_n / RATE)
    figure = waveform.draw("r", make_scene(sound, Cast()))
    assert figure.axes[0].get_yticklabels()[0].get_text() == said
    assert written(figure, waveform.WaveformOptions()).startswith(b"\x89PNG")


@pytest.mark.parametrize("duration_s, rows", [(600, (1, 600)), (719, (1, 719)), (3600, (6, 600)), (7000, (12, 600)),
                                              (36000, (12, 3000)), (36001, (10, 3600 + 0))])
def test_long_recordings_are_broken_into_rows(duration_s, rows):
    found = waveform.rows_of(duration_s, 600.0)
    assert found == rows or found[0] <= waveform.MOST_ROWS and found[0] * found[1] >= duration_s
    assert waveform.rows_of(duration_s, 0) == (1, duration_s)


def test_an_hour_has_rows_with_clock_times_and_dense_changes_only_in_their_lane():
    turns = [Turn("r", s, s + 2, f"S{s % 3}") for s in range(0, 3600, 3)]
    times = np.arange(0, 3600, 2.0)
    long = Scene(Sound(np.arange(3600) + 0.5, np.tile([[-0.5, 0.5]], (3600, 1)), 3600), Cast(None, turns), None, times)
    figure = waveform.draw("r", long)
    assert len(figure.axes) == 12 and [a.get_xlim() for a in figure.axes[::2]] == [(s, s + 600) for s in
                                                                                  range(0, 3600, 600)]
    figure.draw_without_rendering()
    assert "1:00:00" in [t.get_text() for t in figure.axes[-1].get_xticklabels()]
    assert sum(len(c.get_segments()) for c in figure.axes[0].collections if hasattr(c, "get_segments")) == 0
    ticks = [len(c.get_segments()) for a in figure.axes[1::2] for c in a.collections if hasattr(c, "get_segments")]
    assert ticks == [300] * 6
