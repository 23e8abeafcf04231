"""Tuning a threshold: the sweep, the DER it reports, and what is left beside it."""

import numpy as np
import pytest
from cluster_set import PLAN, write_set

from diarkit.cluster import ClusterOptions, CountOptions, cluster
from diarkit.cluster.tune import TuneOptions, best_value, labels_by_value, sweep_of
from diarkit.errors import UsageError
from diarkit.options import from_conf
from diarkit.scoring.metrics import Score, annotation, score, timeline

INPUTS = ("scp:emb.scp", "subsegments", "reco2dur", "ref.rttm")


@pytest.fixture
def folder(tmp_path):
    write_set(tmp_path)
    return tmp_path


@pytest.mark.parametrize("method, name", [("ahc", "threshold"), ("meanshift", "bandwidth"),
                                          ("kmeans", "min_silhouette")])
def test_sweep_gives_what_cluster_gives(method, name):
    x = np.random.default_rng(0).standard_normal((60, 8))
    options, count = ClusterOptions(method=method, min_cluster_size=3.0), CountOptions(max_speakers=9)
    field, values = sweep_of(method, TuneOptions(sweep_from=0.5, sweep_to=1.0, sweep_step=0.25))
    assert field == name and values.tolist() == [0.5, 0.75, 1.0]
    for value, labels in zip(values, labels_by_value(x, options, count, field, values, seed=1), strict=True):
        expected = cluster(x, ClusterOptions(method=method, min_cluster_size=3.0, **{name: value}), count, seed=1)
        np.testing.assert_array_equal(labels, expected)


def test_what_cannot_be_swept():
    with pytest.raises(UsageError, match="spectral has no threshold"):
        sweep_of("spectral", TuneOptions())
    with pytest.raises(UsageError, match="--sweep-to 0.1 is below --sweep-from 0.5"):
        sweep_of("ahc", TuneOptions(sweep_from=0.5, sweep_to=0.1))


def of_der(wrong_s):
    """Return a Score of 10 s of speech with `wrong_s` confused."""
    reference = annotation("x", _turns(("a", 0, 10)))[0]
    hypothesis = annotation("x", _turns(("a", 0, 10 - wrong_s), ("b", 10 - wrong_s, 10)))[0]
    found = score(reference, hypothesis, timeline([(0, 10)]))
    assert isinstance(found, Score)
    return found


def _turns(*spans):
    from diarkit.annotation import Turn
    return [Turn("x", start_s, end_s, speaker) for speaker, start_s, end_s in spans if end_s > start_s]


@pytest.mark.parametrize("wrong, expected", [
    ([3, 1, 1, 1, 2, 1], (0.3, 10.0, False)), ([0, 2, 2], (0.1, 0.0, True)), ([2, 2, 1], (0.3, 10.0, True))])
def test_best_is_the_middle_of_the_first_best_run(wrong, expected):
    values = np.arange(1, 7) / 10
    value, der, edge = best_value(values[:len(wrong)], {"x": [of_der(w) for w in wrong]})
    assert (value, round(der, 6), edge) == expected


def test_best_pools_seconds_over_recordings():
    scores = {"x": [of_der(4), of_der(1)], "y": [of_der(0), of_der(2)]}
    assert best_value(np.array([0.5, 0.6]), scores)[:2] == (0.6, pytest.approx(15.0))


def test_writes_the_threshold_and_the_recordings(call, folder):
    done = call("tune-threshold.py", *INPUTS, "tuned.conf")
    assert done.returncode == 0, done.stderr
    text = (folder / "tuned.conf").read_text()
    assert text.startswith("--threshold=") and text.endswith("  # best on ., DER 0.0 %, collar 0\n")
    assert (folder / "tuned.recos").read_text().split() == sorted(PLAN)
    assert from_conf(ClusterOptions, folder / "tuned.conf").threshold == float(text.split("=")[1].split()[0])


def test_method_protocol_and_an_end_of_the_sweep_are_said(call, folder):
    done = call("tune-threshold.py", "--method=meanshift", "--protocol=forgiving", "--sweep-from=0.01",
                "--sweep-to=0.02", *INPUTS, "t.conf")
    assert done.returncode == 0 and "--bandwidth 0.01 lies at an end of the sweep" in done.stderr
    assert (folder / "t.conf").read_text().startswith("--bandwidth=0.01  # best on ., DER ")
    assert (folder / "t.conf").read_text().endswith("%, collar 0.25, overlap skipped\n")


def test_needs_all_recordings_of_the_set(call, folder):
    with open(folder / "reco2dur", "a", encoding="utf-8") as file:
        file.write("more 12.5\n")
    done = call("tune-threshold.py", *INPUTS, "tuned.conf")
    assert done.returncode == 1 and "1 recordings of reco2dur have no embeddings: more" in done.stderr
    assert not (folder / "tuned.conf").exists() and not (folder / "tuned.recos").exists()


def test_refuses_recordings_of_another_set_and_other_windows(call, folder):
    (folder / "reco2dur").write_text("two 31\nthree-x_1 36\none 3\n")
    lines = (folder / "subsegments").read_text().splitlines(keepends=True)
    (folder / "subsegments").write_text("".join(lines[1:]))
    done = call("tune-threshold.py", *INPUTS, "tuned.conf")
    assert done.returncode == 1 and "silent: not in reco2dur" in done.stderr
    assert "two: 20 vectors but 19 subsegments" in done.stderr and not (folder / "tuned.conf").exists()


def test_refuses_the_reference_of_another_set(call, folder):
    (folder / "ref.rttm").write_text("SPEAKER elsewhere 1 0 1 <NA> <NA> a <NA> <NA>\n")
    done = call("tune-threshold.py", *INPUTS, "tuned.conf")
    assert done.returncode == 1 and "no speech in any recording of reco2dur" in done.stderr
