"""Windows to embeddings: which frames, any length, the same bytes whoever shares the job, features that do not fit."""

import numpy as np
import pytest
import torch
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_maker import mean_network

from diarkit.embed import EmbedOptions, Extractor
from diarkit.embed.cut import batches, frame_spans, pieces
from diarkit.embed.feats import frame_shift_s
from diarkit.errors import DiarkitError, UsageError
from diarkit.models.ge2e import Ge2e
from diarkit.models.network import Network
from diarkit.tables import MatrixWriter, load_matrix, read_scp

RNG = np.random.default_rng(3)
FEATS = RNG.normal(size=(1000, 4)).astype(np.float32) + np.linspace(0, 5, 1000, dtype=np.float32)[:, None]


def mean_of(features, **changes):
    """Return an extractor whose network is the mean over time, so that an embedding tells which frames were seen."""
    net = Network("mean", lambda x: x.mean(1), mels=4, dim=4, **{"centred": False, **changes})
    return Extractor(net, EmbedOptions(least_s=0, batch_frames=300))


def test_every_window_sees_its_own_frames():
    windows = [[4.0, 5.5], [0.0, 1.5], [9.0, 10.0], [0.5, 2.0], [3.004, 3.254]]
    found = mean_of(FEATS)(FEATS, windows)
    frames = [(400, 550), (0, 150), (900, 1000), (50, 200), (300, 325)]
    assert found.dtype == np.float32
    assert np.allclose(found, [FEATS[a:b].mean(0) for a, b in frames], atol=1e-5)


def test_only_the_start_of_a_window_may_be_heard():
    net = Network("mean", lambda x: x.mean(1), mels=4, dim=4, centred=False)
    windows, frames = [[0, 9], [3, 5], [3, 4.5], [9.5, 10]], [(0, 200), (300, 500), (300, 450), (950, 1000)]
    found = Extractor(net, EmbedOptions(least_s=0, first_s=2))(FEATS, windows)
    assert np.allclose(found, [FEATS[a:b].mean(0) for a, b in frames], atol=1e-5)
    short = Extractor(net, EmbedOptions(least_s=0.5, first_s=0.1))(FEATS, [[3, 9]])
    assert np.allclose(short, FEATS[280:330].mean(0), atol=1e-5)  # widened, as any short window


def test_a_window_is_centred_where_the_network_wants_it():
    net = Network("top", lambda x: x.max(1), mels=4, dim=4)
    found = Extractor(net)(FEATS, [[1, 2.5], [3, 3.8]])
    wanted = [FEATS[a:b].max(0) - FEATS[a:b].mean(0) for a, b in ((100, 250), (300, 380))]
    assert np.allclose(found, wanted, atol=1e-5)


def test_the_end_is_cut_and_short_windows_are_widened():
    seen = []
    net = Network("see", lambda x: seen.append(x) or x.mean(1), mels=4, dim=4, centred=False, least_t=20)
    extractor = Extractor(net, EmbedOptions(least_s=0))
    for window, (a, b) in (([9.5, 20], (950, 1000)), ([5, 5.1], (495, 515)), ([0, .05], (0, 20)),
                           ([9.99, 10], (980, 1000)), ([5, 5.001], (491, 511))):
        extractor(FEATS, [window])
        assert np.array_equal(seen.pop()[0], FEATS[a:b]), window
    extractor(FEATS[:8], [[0, .08]])  # the recording itself is shorter than the network's least: its frames repeat
    assert np.array_equal(seen.pop()[0], np.concatenate([FEATS[:8], FEATS[:8], FEATS[:4]]))


def test_whole_frames_end_before_the_audio_does():
    """With snip_edges the last 15 ms have no frame of their own: a window there gets the last frames."""
    assert np.array_equal(frame_spans([[9.99, 10]], 998, 0.01, 10), [[988], [10]])
    with pytest.raises(DiarkitError, match="past the end"):
        frame_spans([[10.1, 10.2]], 998, 0.01, 10)


def test_long_windows_are_cut_into_equal_pieces_and_averaged():
    found = mean_of(FEATS, most_t=160)(FEATS, [[0, 10], [1, 2], [2, 3.7]])
    assert np.allclose(found, [FEATS.mean(0), FEATS[100:200].mean(0), FEATS[200:370].mean(0)], atol=1e-5)


def test_unit_length():
    net = Network("mean", lambda x: x.mean(1), mels=4, dim=4, centred=False)
    plain, unit = (Extractor(net, EmbedOptions(unit_length=u))(FEATS, [[0, 1], [2, 4]]) for u in (False, True))
    assert np.allclose(np.linalg.norm(unit, axis=1), 1)
    assert np.allclose(unit * np.linalg.norm(plain, axis=1, keepdims=True), plain, atol=1e-5)


def test_no_windows_give_an_empty_matrix():
    assert mean_of(FEATS)(FEATS, []).shape == (0, 4)
    assert mean_of(FEATS)(FEATS[:0], np.zeros((0, 2))).shape == (0, 4)


@pytest.mark.parametrize("feats, windows, message", [
    (FEATS, [[0, 1], [11, 12]], "1 of 2 windows lie past the end.*11 s to 12 s.*end at 10 s"),
    (FEATS, [[2, 2]], "from 2 s to 2 s. Make 0 <= start < end"), (FEATS, [[-1, 2]], "from -1 s"),
    (FEATS, [[0, np.nan]], "Make 0 <= start < end"), (FEATS[:, :3], [[0, 1]], "3 columns, mean takes 4"),
    (FEATS[:0], [[0, 1]], r"shape \(0, 4\)"), (FEATS * np.inf, [[1, 2]], "no finite embedding .* 1.00 s")])
def test_bad_input(feats, windows, message):
    with pytest.raises(DiarkitError, match=message), np.errstate(invalid="ignore"):
        mean_of(FEATS)(feats, windows)


@given(st.lists(st.tuples(st.integers(0, 9990), st.integers(1, 8000)), min_size=1, max_size=12),
       st.integers(1, 300), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_spans_pieces_and_batches_hold_together(spans_ms, least_t, more_t):
    windows = np.array([(a, a + d) for a, d in spans_ms]) / 1000
    starts, lengths = frame_spans(windows, 1000, 0.01, least_t)
    assert (starts >= 0).all() and (starts + lengths <= 1000).all() and (lengths >= least_t).all()
    owner, begins, sizes = pieces(starts, lengths, least_t + more_t)
    assert np.array_equal(np.bincount(owner, sizes), lengths) and sizes.max() <= least_t + more_t and sizes.min() > 0
    first = np.concatenate([[True], owner[1:] != owner[:-1]])
    assert np.array_equal(begins[first], starts)
    assert np.array_equal(begins[~first], (begins + sizes)[:-1][~first[1:]])
    rows = list(batches(sizes, 500))
    assert sorted(np.concatenate(rows)) == list(range(len(owner)))
    assert all(len(set(sizes[r])) == 1 and (len(r) == 1 or sizes[r].sum() <= 500) for r in rows)


def test_memory_stays_bounded_by_batch_frames():
    seen = []
    net = Network("see", lambda x: seen.append(x.shape[:2]) or x.mean(1), mels=4, dim=4, most_t=400)
    windows = np.arange(0, 8, .1)[:, None] + [[0, 1.5]]
    Extractor(net, EmbedOptions(batch_frames=1000))(FEATS, np.concatenate([windows, [[0, 10]]]))
    assert max(b * t for b, t in seen) <= 1000 and sum(b for b, _ in seen) == 80 + 3


def conf(path, *lines):
    path.write_text("".join(f"--{line}\n" for line in lines))
    return str(path)


def test_features_made_otherwise_are_refused_by_name(tmp_path):
    need = ("num-mel-bins=80", "window-type=hamming", "sample-scale=32768", "frame-shift=10")
    needed = conf(tmp_path / "fbank_x.conf", *need)
    same = conf(tmp_path / "same.conf", "frame-shift=10.0", "sample-scale=32768.0", "num-mel-bins=80  # as needed",
                "window-type=hamming", "dither=0", "channel=2", "sample-rate=16000")
    assert frame_shift_s(same, needed) == 0.01
    other = conf(tmp_path / "other.conf", *need[:1], "window-type=povey", "sample-rate=8000", need[3])
    with pytest.raises(UsageError) as caught:
        frame_shift_s(other, needed)
    for part in ("--window-type=povey, needed hamming", "--sample-scale=1.0, needed 32768.0",
                 "--sample-rate=8000, needed 16000"):
        assert part in str(caught.value)
    assert "num-mel-bins" not in str(caught.value)
    with pytest.raises(UsageError, match="unknown option --num-ceps(.|\n)*needs fbank features"):
        frame_shift_s(conf(tmp_path / "mfcc.conf", "num-ceps=13"), needed)


def test_features_of_any_kind_tell_their_shift(tmp_path):
    assert frame_shift_s(conf(tmp_path / "a.conf", "num-ceps=20", "frame-shift=5")) == 0.005
    assert frame_shift_s(conf(tmp_path / "b.conf", "padding=reflect")) == 0.01
    with pytest.raises(UsageError, match="(?s)not a configuration of any features.*fbank: .*mfcc: "):
        frame_shift_s(conf(tmp_path / "c.conf", "onset=2"))


@pytest.fixture
def work(tmp_path):
    """Features of four recordings, one of them without speech, windows, and a network of one's own."""
    with MatrixWriter(f"ark,scp:{tmp_path}/feats.ark,{tmp_path}/feats.scp") as writer:
        for reco, frames in (("a", 700), ("b-1", 90), ("silent", 300), ("z", 1500)):
            writer.write(reco, RNG.normal(size=(frames, 80)).astype(np.float32))
    spans = [("a", 0, 1.5), ("a", 1, 2.5), ("a", 6.8, 7.3), ("b-1", 0, 0.9), ("z", 3, 15)]
    (tmp_path / "subsegments").write_text("".join(f"{r}-{a}-{b} {r} {a} {b}\n" for r, a, b in spans))
    (tmp_path / "mine.onnx").write_bytes(mean_network()[0])
    conf(tmp_path / "feats.conf", "num-mel-bins=80")
    return tmp_path


OURS = ("extract-embeddings.py", "--model=mine.onnx", "--feats-config", "feats.conf")


def test_binary_writes_every_recording_of_the_features(work, call):
    done = call(*OURS, "scp:feats.scp", "subsegments", "ark,scp:emb.ark,emb.scp", "--all-feats=feats.scp")
    assert done.returncode == 0, done.stderr
    found = {k: load_matrix(v.replace("emb.ark", f"{work}/emb.ark")) for k, v in read_scp(f"{work}/emb.scp").items()}
    assert {k: v.shape for k, v in found.items()} == {"a": (3, 80), "b-1": (1, 80), "silent": (0, 0), "z": (1, 80)}
    feats = {k: load_matrix(v) for k, v in read_scp(f"{work}/feats.scp").items()}
    shift = np.linspace(-1, 1, 80)
    assert np.allclose(found["a"], shift, atol=1e-5)  # the mean of a centred window is 0, what it adds is left
    assert feats["a"].shape == (700, 80)


def test_binary_gives_the_same_bytes_however_the_recordings_are_spread(work, call):
    torch.manual_seed(1)
    torch.save(Ge2e().state_dict(), work / "mine.pt")
    with MatrixWriter(f"ark,scp:{work}/feats.ark,{work}/feats.scp") as writer:
        for reco, frames in (("a", 700), ("b-1", 90), ("z", 1500)):
            writer.write(reco, RNG.random(size=(frames, 40), dtype=np.float32))
    ge2e = ("extract-embeddings.py", "--model=mine.pt", f"--feats-config={ROOT}/conf/features/mel_ge2e.conf")
    lines = (work / "feats.scp").read_text().splitlines(keepends=True)
    parts = {"all": lines, "one": lines[1:2], "rest": [lines[2], lines[0]]}
    found = {}
    for name, part in parts.items():
        (work / f"{name}.scp").write_text("".join(part))
        done = call(*ge2e, f"scp:{name}.scp", "subsegments", f"ark,scp:{name}.ark,{name}.emb.scp")
        assert done.returncode == 0, done.stderr
        for reco, entry in read_scp(f"{work}/{name}.emb.scp").items():
            found.setdefault(reco, []).append(load_matrix(f"{work}/{entry}").tobytes())
    assert sorted(found) == ["a", "b-1", "z"]
    assert all(len(both) == 2 and both[0] == both[1] for both in found.values())


def test_binary_refuses_what_does_not_fit(work, call):
    torch.save(Ge2e().state_dict(), work / "mine.pt")
    rest = ("scp:feats.scp", "subsegments", "ark,scp:emb.ark,emb.scp")
    done = call("extract-embeddings.py", "--model=mine.pt", "--feats-config=feats.conf", *rest)
    assert done.returncode == 2 and "--num-mel-bins=80, needed 40" in done.stderr and not (work / "emb.scp").exists()
    done = call("extract-embeddings.py", "--model=mine.pt", *rest)
    assert done.returncode == 2 and "--feats-config is required" in done.stderr
    (work / "some.scp").write_text((work / "feats.scp").read_text().splitlines(keepends=True)[0])
    done = call(*OURS, "--all-feats=some.scp", *rest)
    assert done.returncode == 1 and "windows of 2 recordings that some.scp has not, such as b-1, z" in done.stderr


def test_binary_loses_only_the_recording_whose_windows_are_bad(work, call):
    with open(work / "subsegments", "a") as file:
        file.write("late b-1 40.0 41.5\n")
    done = call(*OURS, "scp:feats.scp", "subsegments", "ark,scp:emb.ark,emb.scp")
    assert done.returncode == 1 and "b-1: 1 of 2 windows lie past the end" in done.stderr
    assert list(read_scp(f"{work}/emb.scp")) == ["a", "silent", "z"]
