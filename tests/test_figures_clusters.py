"""Pictures of vectors: where they lie, whose they are."""


import numpy as np
import pytest
from figures import CAST, REF, pixels, voices, where, written

from diarkit.errors import DiarkitError, UsageError
from diarkit.export import scatter
from diarkit.export.cast import Cast
from diarkit.export.palette import FIRST
from diarkit.export.project import ProjectOptions, main_directions, project, spread
from diarkit.export.whose import WindowsOptions, main_speaker, talk_in_spans, talk_of_locals
from diarkit.segmentation.grid import FIRST_S, FRAME_S, FRAMES


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
