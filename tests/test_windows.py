"""Windows over segments: all of the speech, nothing else, none too short; and the binary."""

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from diarkit.annotation import make_segment, read_segments, write_segments
from diarkit.errors import UsageError
from diarkit.options import from_conf
from diarkit.vad.spans import intersect, length_s, subtract, union
from diarkit.windows import WindowOptions, make_subsegments, sliding_windows

ms = st.integers(0, 20000)
segments_ms = st.lists(st.tuples(ms, st.integers(1, 9000)), max_size=6)
grids = st.tuples(st.integers(1, 3000), st.integers(1, 3000)).map(lambda pair: (max(pair), min(pair)))


@given(segments_ms, grids)
def test_windows_cover_all_speech_and_nothing_else(parts, grid):
    spans = np.array([(a, a + n) for a, n in parts]).reshape(-1, 2) / 1000
    window_s, hop_s = grid[0] / 1000, max(grid[1], 50) / 1000
    opts = WindowOptions(window_s=max(window_s, hop_s), hop_s=hop_s)
    made = sliding_windows(spans, opts)
    assert length_s(subtract(spans, made)) < 1e-9 and length_s(subtract(made, spans)) < 1e-9
    lengths = made[:, 1] - made[:, 0]
    short = np.isclose(lengths[:, None], spans[:, 1] - spans[:, 0]).any(axis=1)  # a whole segment
    assert ((lengths <= opts.window_s + 1e-9) & (np.isclose(lengths, opts.window_s) | short)).all()
    assert (np.diff(made[:, 0]) >= 0).all() and len(np.unique(made, axis=0)) == len(made)


@pytest.mark.parametrize("segment, wanted", [
    ([0, 4.0], [[0, 1.5], [0.75, 2.25], [1.5, 3.0], [2.25, 3.75], [2.5, 4.0]]),  # the last is moved back
    ([10, 13.0], [[10, 11.5], [10.75, 12.25], [11.5, 13.0]]),                    # the last fits just so
    ([1, 2.5], [[1, 2.5]]),
    ([1, 2.501], [[1, 2.5], [1.001, 2.501]]),
    ([1, 1.02], [[1, 1.02]]),
])
def test_windows_of_one_segment_by_hand(segment, wanted):
    assert sliding_windows([segment]) == pytest.approx(np.array(wanted))


def test_whole_segments_short_ones_left_out_and_none_at_all():
    spans = [[5, 9.0], [1, 1.2], [2, 2.5]]
    assert sliding_windows(spans, WindowOptions(window_s=0)).tolist() == [[1, 1.2], [2, 2.5], [5, 9]]
    assert sliding_windows(spans, WindowOptions(window_s=0, min_length_s=0.5)).tolist() == [[2, 2.5], [5, 9]]
    assert sliding_windows(np.zeros((0, 0))).shape == (0, 2)


def test_ten_hours_in_one_segment():
    made = sliding_windows([[0, 36000.2]])
    assert len(made) == 48000 and made[-1].tolist() == [35998.7, 36000.2]
    assert union(made).tolist() == [[0, 36000.2]]


def test_overlapping_segments_never_give_one_window_twice():
    made = list(make_subsegments({"r": [make_segment("r", 0, 3), make_segment("r", 0, 2.25)]}))
    assert len({s.id for s in made}) == len(made) == 3


def test_a_hop_that_would_lose_speech_is_refused():
    with pytest.raises(UsageError, match="--hop-s 2 must not exceed --window-s 1.5"):
        WindowOptions(hop_s=2)
    with pytest.raises(UsageError, match="at least a millisecond"):
        WindowOptions(hop_s=0.0001)


def test_the_conf_holds_the_defaults():
    assert from_conf(WindowOptions, ROOT / "conf" / "embed/windows.conf") == WindowOptions()


def test_the_binary_keeps_each_window_in_its_segment(call, tmp_path):
    parts = [make_segment("m-1/x", 3, 7.123), make_segment("m-1/x", 8, 8.3), make_segment("ä", 0, 2)]
    write_segments(tmp_path / "segments", parts)
    done = call("make-subsegments.py", f"--config={ROOT}/conf/embed/windows.conf", "--hop-s=0.5", "segments",
                "subsegments")
    assert done.returncode == 0, done.stderr
    made = read_segments(tmp_path / "subsegments")
    assert list(made) == ["m-1/x", "ä"] and [s.id for s in made["ä"]] == ["ä-00000000-00001500", "ä-00000500-00002000"]
    spans = [(s.start_s, s.end_s) for s in made["m-1/x"]]
    assert spans[-2:] == [(5.623, 7.123), (8.0, 8.3)]
    assert intersect(spans, [(3, 7.123), (8, 8.3)]).tolist() == [[3, 7.123], [8, 8.3]]
    assert call("make-subsegments.py", "--hop-s=0", "segments", "other").returncode == 2
    assert not (tmp_path / "other").exists()
