"""Pictures of sound, clusters and changes, the page that shows them; steps/draw_figures.sh."""

import io
import runpy
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from matplotlib.image import imread

from diarkit.annotation import Turn, make_segment, write_rttm, write_segments
from diarkit.audio import AudioFile
from diarkit.errors import DiarkitError, KeysFailed, UsageError
from diarkit.export import scatter, waveform
from diarkit.export.cast import Cast, CastOptions, Casts
from diarkit.export.envelope import envelope, thin_curve
from diarkit.export.palette import FIRST
from diarkit.export.picture import save
from diarkit.export.project import ProjectOptions, main_directions, project, spread
from diarkit.export.scene import Scene, Sound, make_scene, shares, sound_of
from diarkit.export.whose import WindowsOptions, main_speaker, talk_in_spans, talk_of_locals
from diarkit.segmentation.grid import FIRST_S, FRAME_S, FRAMES
from diarkit.tables import MatrixWriter

RATE = 8000
REF = [Turn("r", 1, 4, "Ann"), Turn("r", 4, 7, "Bob"), Turn("r", 6, 9, "Ann")]
HYP = [Turn("r", 1, 4.2, "SPEAKER_00"), Turn("r", 4.2, 9, "SPEAKER_01")]
CAST = Casts({"r": HYP}, {"r": REF})("r")


def noise(seconds, seed=0):
    return (0.3 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32).clip(-0.9, 0.9)


def scene(seconds=10, cast=CAST, **more):
    extremes, step_n, total_n = envelope([noise(seconds)])
    return make_scene(Sound((np.arange(len(extremes)) + 0.5) * step_n / RATE, extremes, total_n / RATE), cast, **more)


def written(figure, options):
    file = io.BytesIO()
    save(figure, file, options)
    return file.getvalue()


def pixels(data):
    return np.round(255 * imread(io.BytesIO(data))[:, :, :3]).astype(int)


def where(picture, colour, near=3):
    """Return (rows, columns) of the pixels of a colour."""
    wanted = [int(colour[i:i + 2], 16) for i in (1, 3, 5)]
    return np.nonzero((np.abs(picture - wanted) <= near).all(2))


def column(axis, seconds):
    """Return the pixel column of a time, once the figure is drawn."""
    return axis.transData.transform((seconds, 0))[0]


# ---- the sound


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


# ---- the clusters


def voices(counts, seed=0, spread=0.2, dim=16):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    return (rng.standard_normal((len(counts), dim))[labels] + spread * rng.standard_normal((len(labels), dim))).astype(
        np.float32), labels


@pytest.mark.parametrize("method, name", [("tsne", "t-SNE"), ("pca", "PCA")])
def test_voices_come_to_lie_apart_and_twice_the_same(method, name):
    vectors, labels = voices((30, 20, 25))
    points, words, said = project(vectors, ProjectOptions(method=method))
    assert said == name and points.shape == (75, 2) and ("variance" in words[0]) == (method == "pca")
    centres = np.array([points[labels == k].mean(0) for k in range(3)])
    near = np.linalg.norm(points[:, None] - centres, axis=2).argmin(1)
    assert (near == labels).mean() > 0.97
    assert np.array_equal(points, project(vectors, ProjectOptions(method=method))[0])


def test_main_directions_are_those_of_the_singular_values():
    x = np.random.default_rng(3).standard_normal((40, 6)).astype(np.float32) * [5, 3, 1, 1, 1, 1]
    x = x.astype(np.float32)
    u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    points, share = main_directions(x, 2)
    assert np.allclose(np.abs(points), np.abs(u[:, :2] * s[:2]), atol=1e-3)
    assert np.allclose(share, (s ** 2 / (s ** 2).sum())[:2], atol=1e-5)


@pytest.mark.parametrize("vectors", [np.zeros((0, 8)), np.ones((1, 8)), np.eye(2, 8), np.eye(3, 8), np.eye(4, 8),
                                     np.ones((40, 8)), np.eye(3, 8)[np.arange(60) % 3], np.ones((5, 1))])
@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_few_or_equal_vectors_have_a_place(vectors, method):
    points, _, _ = project(vectors.astype(np.float32), ProjectOptions(method=method))
    assert points.shape == (len(vectors), 2) and np.isfinite(points).all()
    seen = scatter.points_of(vectors, np.zeros(len(vectors)))
    figure = scatter.draw("r", seen, Cast(), ProjectOptions(method=method))
    assert written(figure, scatter.ScatterOptions()).startswith(b"\x89PNG")
    assert [t.get_text() for t in figure.axes[0].texts] == ["no vectors"] * (len(vectors) == 0)


def test_five_vectors_are_enough_for_tsne_and_a_large_perplexity_is_clipped():
    points, _, name = project(voices((5,))[0], ProjectOptions(perplexity=500.0))
    assert name == "t-SNE" and np.isfinite(points).all() and np.ptp(points, axis=0).min() > 0


def test_very_many_are_thinned_evenly_and_no_speaker_is_lost():
    labels = np.r_[np.zeros(9000), np.ones(3), np.full(997, 2)].astype(int)
    rows = spread(labels, 100)
    assert np.bincount(labels[rows]).tolist() == [90, 1, 9] and (np.diff(rows) > 0).all()
    assert np.diff(rows[:90]).max() <= 102 and np.array_equal(spread(labels, 10000), np.arange(10000))
    vectors, labels = voices((300, 100))
    figure = scatter.draw("r", scatter.points_of(vectors, labels), Cast(), ProjectOptions(method="pca", most=40))
    assert figure.axes[0].get_title(loc="right") == "PCA of 40 of 400 vectors"
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["SPEAKER_00 (300)", "SPEAKER_01 (100)"]


def test_local_speakers_without_label_or_vector_are_left_out():
    vectors = np.arange(18, dtype=np.float32).reshape(6, 3)
    vectors[4] = 0
    points = scatter.points_of(vectors, [[0, -1, 1], [2, 1, 0]], np.arange(6.0), np.array(list("abcdef"), object))
    assert points.labels.tolist() == [0, 1, 2, 0] and points.seconds.tolist() == [0, 2, 3, 5]
    assert points.who.tolist() == list("acdf") and np.array_equal(points.vectors, vectors[[0, 2, 3, 5]])
    assert len(scatter.points_of(np.zeros((0, 0)), np.zeros((0, 0))).labels) == 0
    with pytest.raises(DiarkitError, match="6 vectors and 5 labels"):
        scatter.points_of(vectors, np.zeros(5))
    with pytest.raises(DiarkitError, match="6 labels and 2 lengths"):
        scatter.points_of(vectors, np.zeros(6), np.ones(2))


def test_clusters_have_the_timelines_colours_shapes_by_reference_and_rims_where_they_differ():
    vectors, labels = voices((40, 30))
    labels = 1 - labels  # SPEAKER_01 comes first here, its colour is Bob's all the same
    who = np.where(labels == 0, "Ann", "Bob").astype(object)
    who[:3], who[-1] = "Ann", ""
    points = scatter.points_of(vectors, labels, np.linspace(0.5, 1.5, 70), who)
    assert scatter.is_wrong(points, CAST.mapping).tolist() == [True] * 3 + [False] * 67
    assert not scatter.is_wrong(points, {}).any()
    options = scatter.ScatterOptions()
    figure = scatter.draw("r", points, CAST, ProjectOptions(method="pca"), options)
    picture = pixels(written(figure, options))
    faces = {tuple(np.round(255 * c[:3]).astype(int)) for s in figure.axes[0].collections for c in s.get_facecolor()}
    assert faces == {tuple(int(c[i:i + 2], 16) for i in (1, 3, 5)) for c in FIRST[:2]}
    assert [len(s.get_offsets()) for s in figure.axes[0].collections] == [37, 32, 1]  # Bob, Ann, nobody
    sizes = np.concatenate([s.get_sizes() for s in figure.axes[0].collections[:2]])
    assert sizes.min() == pytest.approx(24) and 105 < sizes.max() <= 110
    assert all(len(where(picture, c, near=40)[0]) > 500 for c in FIRST[:2])
    named = [t.get_text() for t in figure.legends[0].get_texts()]
    assert named == ["SPEAKER_00 = Ann (30)", "SPEAKER_01 = Bob (40)", "Bob talks", "Ann talks", "nobody talks",
                     "another one than taken for"]


def test_a_speaker_without_turns_has_a_colour_of_its_own():
    shade = CAST.shades(["SPEAKER_07", "SPEAKER_00"])[1]
    assert list(shade) == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_07"] and len(set(shade.values())) == 3
    assert CAST.shades()[0] == {"Ann": FIRST[0], "Bob": FIRST[1]}
    assert Cast().shades(["x"]) == ({}, {"x": FIRST[0]})


def test_who_talks_most_in_a_window():
    names, seconds = talk_in_spans([(0, 2), (3.5, 5), (5.5, 8), (20, 21)], REF)
    assert names == ["Ann", "Bob"]
    assert np.allclose(seconds, [[1, 0], [0.5, 1], [2, 1.5], [0, 0]])
    assert main_speaker(names, seconds).tolist() == ["Ann", "Bob", "Ann", ""]
    assert main_speaker(*talk_in_spans([(0, 1)], [])).tolist() == [""]
    assert main_speaker(*talk_in_spans([], REF)).tolist() == []


def test_who_talks_while_a_local_speaker_does():
    active = np.zeros((2, FRAMES, 3), bool)
    times = FIRST_S + np.arange(FRAMES) * FRAME_S
    active[0, (times > 1) & (times < 3.9), 1] = True   # Ann alone
    active[1, (times > 0) & (times < 4), 2] = True     # 2.5 to 6.5: Ann 2 s, Bob 2.5 s
    names, seconds = talk_of_locals(active, 2.5, REF)
    assert seconds.shape == (6, 2) and np.allclose(seconds[1], [2.9, 0], atol=0.03)
    assert np.allclose(seconds[5], [2, 2.5], atol=0.03) and not seconds[[0, 2, 3, 4]].any()
    assert main_speaker(names, seconds).tolist() == ["", "Ann", "", "", "", "Bob"]


def test_windows_are_given_one_way():
    for given in ({"seg": "a"}, {"seg_config": "a"}, {"seg": "a", "seg_config": "b", "subsegments": "c"}):
        with pytest.raises(UsageError, match="give --subsegments, or --seg and --seg-config"):
            WindowsOptions(**given)


# ---- all of them


@pytest.mark.parametrize("format", ["png", "svg"])
def test_the_same_input_gives_the_same_bytes_and_svg_is_whole(format):
    vectors, labels = voices((9, 8))
    for draw, options in (
            (lambda o: waveform.draw("<r>&$x$", scene(changes=[3]), o), waveform.WaveformOptions(format=format)),
            (lambda o: scatter.draw("<r>&$x$", scatter.points_of(vectors, labels), CAST, None, o),
             scatter.ScatterOptions(format=format))):
        first, second = (written(draw(options), options) for _ in range(2))
        assert first == second and b"<dc:date>" not in first
        if format == "svg":
            root = ET.fromstring(first)
            texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
            assert "<r>&$x$" in texts and any(FIRST[0] in (e.get("style") or "") for e in root.iter())


class Links(HTMLParser):
    """Collects what a page links to and shows, and checks that its tags close in order."""

    def __init__(self):
        super().__init__()
        self.seen, self.open, self.words, self.ids = [], [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.seen += [attrs[name] for name in ("href", "src") if name in attrs]
        self.ids += [attrs["id"]] if "id" in attrs else []
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


RECOS = ["50%&<b>#1?x", "साक्षात्कार", ".."]


@pytest.fixture
def recipe(tmp_path):
    """A set of three recordings with odd names: vectors, labels, turns, changes and a curve; the last one is silent."""
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    for folder in ("data", "audio", "emb", "found/turns", "change"):
        (tmp_path / folder).mkdir(parents=True)
    lines, ref, hyp, windows = [], [], [], []
    tables = {n: MatrixWriter(f"ark,scp:{tmp_path}/{n}.ark,{tmp_path}/{n}.scp") for n in
              ("emb/emb", "found/labels", "change/changes", "change/curve")}
    with tables["emb/emb"] as emb, tables["found/labels"] as labels, tables["change/changes"] as changes, \
            tables["change/curve"] as curve:
        for number, reco in enumerate(RECOS):
            silent = number == 2
            soundfile.write(tmp_path / f"audio/{number}.wav", noise(10, number) * (not silent), RATE)
            lines.append(f"{reco} audio/{number}.wav\n")
            ref += [] if silent else [t._replace(reco=reco) for t in REF]
            hyp += [] if silent else [t._replace(reco=reco) for t in HYP]
            here = [] if silent else [make_segment(reco, s, s + 1) for s in range(1, 9)]
            windows += here
            emb.write(reco, voices((3, 5), number)[0][:len(here)])
            labels.write(reco, np.repeat([0, 1], (3, 5))[:len(here)].astype(np.float32))
            changes.write(reco, np.array([] if silent else [4.2]))
            curve.write(reco, np.stack([np.arange(0, 10, 0.1), np.random.default_rng(number).random(100)], 1))
    (tmp_path / "data/wav.scp").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "data/reco2dur").write_text("".join(f"{r} 10\n" for r in RECOS), encoding="utf-8")
    write_rttm(tmp_path / "data/ref.rttm", ref)
    write_rttm(tmp_path / "found/turns/hyp.rttm", hyp)
    write_segments(tmp_path / "found/subsegments", windows)
    return tmp_path


def drawn(recipe):
    """Return {path: bytes} of what the step shows, the page too."""
    return {p.relative_to(recipe / "out"): p.read_bytes() for folder in ("waveform", "timeline", "clusters", ".")
            for p in (recipe / "out" / folder).glob("*.*") if p.suffix in (".png", ".svg", ".html")}


STEP = ("steps/draw_figures.sh", "--nj", "1", "--changes", "change", "--clusters", "found", "--emb", "emb", "data",
        "found/turns", "out")


def test_the_step_draws_all_and_a_page_shows_them(call, recipe):
    done = call(*STEP)
    assert done.returncode == 0, done.stderr
    first = drawn(recipe)
    assert len(first) == 3 * len(RECOS) + 1
    links = Links()
    links.feed((recipe / "out/index.html").read_text(encoding="utf-8"))
    assert not links.open and all(reco in links.words for reco in RECOS)
    inner, outer = ([s for s in links.seen if s.startswith("#") == kind] for kind in (True, False))
    assert [f"#{i}" for i in links.ids] == inner and len(outer) == 2 * 3 * len(RECOS)
    assert all((recipe / "out" / unquote(s)).is_file() and ":" not in s and not s.startswith("/") for s in outer)
    assert "is up to date" in call(*STEP).stderr
    # one recording changes: only its pictures do
    soundfile.write(recipe / "audio/1.wav", noise(10, 77), RATE)
    done = call(*STEP)
    assert done.returncode == 0 and "1 of 3 recordings to do" in done.stderr, done.stderr
    second = drawn(recipe)
    assert {str(p) for p in first if first[p] != second[p]} == {f"waveform/{RECOS[1]}.png"}
    assert first.keys() == second.keys()


def test_the_step_without_extras_and_as_svg(call, recipe):
    (recipe / "data/ref.rttm").unlink()
    done = call("steps/draw_figures.sh", "--nj", "1", "--pictures", "svg", "data", "found/turns", "out")
    assert done.returncode == 0, done.stderr
    found = drawn(recipe)
    assert len(found) == 2 * len(RECOS) + 1 and "clusters" not in (recipe / "out/index.html").read_text()
    texts = [t.text for t in ET.fromstring(found[next(p for p in found if p.name == f"{RECOS[0]}.svg")]).iter(
        "{http://www.w3.org/2000/svg}text")]
    assert RECOS[0] in texts and "reference" not in texts


def test_a_missing_input_is_named_and_a_recording_without_labels_fails_loudly(call, recipe):
    done = call("steps/draw_figures.sh", "--clusters", "found", "--emb", "nowhere", "data", "found/turns", "out")
    assert done.returncode != 0 and "nowhere/emb.scp" in done.stderr
    (recipe / "found/labels.scp").write_text("".join((recipe / "found/labels.scp").read_text().splitlines(True)[1:]))
    done = call(*STEP)
    assert done.returncode != 0 and f"clusters: 1 of 3 recordings are missing (1: {RECOS[0]})" in done.stderr


def test_a_recording_without_changes_where_others_have_them_fails_loudly(recipe, monkeypatch):
    monkeypatch.chdir(recipe)
    kept = (recipe / "change/changes.scp").read_text().splitlines(True)[1]
    (recipe / "change/changes.scp").write_text(kept)
    drawing = runpy.run_path(str(ROOT / "bin/draw-waveform.py"))
    with pytest.raises(KeysFailed, match="(?s)2 of 3 failed.*not in change/changes.scp. Make it for this recording"):
        drawing["main"]("data/wav.scp", "w", "w.scp", CastOptions(),
                        drawing["ChangeOptions"](changes="change/changes.scp"), waveform.WaveformOptions(dpi=40))
    assert (recipe / "w.scp").read_text() == f"{RECOS[1]} w/{RECOS[1]}.png\n"


def test_local_speakers_are_drawn(recipe, monkeypatch):
    monkeypatch.chdir(recipe)
    (recipe / "seg.conf").write_text("--hop-s=2.5\n")
    rng = np.random.default_rng(0)
    write = {name: MatrixWriter(f"ark,scp:{name}.ark,{name}.scp") for name in ("seg", "emb", "labels")}
    with write["seg"] as seg, write["emb"] as emb, write["labels"] as labels:
        for reco, windows in ((RECOS[0], 2), (RECOS[2], 1)):
            seg.write(reco, rng.integers(0, 7, (windows, FRAMES)).astype(np.float32))
            emb.write(reco, rng.standard_normal((3 * windows, 16)).astype(np.float32) * (reco != RECOS[2]))
            labels.write(reco, np.array([[0, 1, -1], [1, 0, -1]], np.float32)[:windows])
    main = runpy.run_path(str(ROOT / "bin/draw-clusters.py"))["main"]
    given = CastOptions(hyp="found/turns/hyp.rttm", ref="data/ref.rttm")
    windows = WindowsOptions(seg="scp:seg.scp", seg_config="seg.conf")
    main("scp:emb.scp", "scp:labels.scp", "out", "out.scp", given, windows, ProjectOptions(), scatter.ScatterOptions())
    assert (recipe / "out.scp").read_text() == "".join(f"{r} out/{r}.png\n" for r in (RECOS[0], RECOS[2]))
    full, silent = (pixels((recipe / f"out/{reco}.png").read_bytes()) for reco in (RECOS[0], RECOS[2]))
    assert full.shape[1] == 1080 and len(where(full, FIRST[0], near=40)[0]) > 50
    assert len(where(silent, FIRST[0], near=40)[0]) == 0
    with pytest.raises(KeysFailed, match="not in scp:emb.scp. Give the vectors these labels were made of"):
        (recipe / "emb.scp").write_text("")
        main("scp:emb.scp", "scp:labels.scp", "out", None, given, windows, ProjectOptions(), scatter.ScatterOptions())
