"""Turns as JSON, CSV, subtitles, RTTM per recording and pictures; and steps/make_turns.sh and steps/export_turns.sh."""

import io
import json
import re
import runpy
import shutil

import numpy as np
import pytest
from conftest import ROOT
from matplotlib.image import imread

from diarkit.annotation import Turn, make_segment, read_rttm, write_rttm, write_segments
from diarkit.errors import DiarkitError, UsageError
from diarkit.export.cast import Cast, Casts
from diarkit.export.palette import colours
from diarkit.export.picture import PictureOptions, clock, save
from diarkit.export.recordings import ReferenceOptions, read_turns
from diarkit.export.timeline import draw, overlaps, rows
from diarkit.tables import MatrixWriter

TURNS = [Turn("r", 0.0, 2.345, "SPEAKER_01"), Turn("r", 1.1, 3661.0004, "SPEAKER_00"),
         Turn("r", 36000.0996, 36001, "नेहा")]


def turns(*items):
    return [Turn("r", a, b, speaker) for a, b, speaker in items]


def test_every_recording_has_its_turns_and_a_stranger_is_named(tmp_path):
    write_rttm(tmp_path / "hyp.rttm", TURNS)
    (tmp_path / "reco2dur").write_text("r 36002\nsilent 3\n")
    found, durations = read_turns(tmp_path / "hyp.rttm", tmp_path / "reco2dur")
    assert [len(t) for t in found.values()] == [3, 0] and durations == {"r": 36002.0, "silent": 3.0}
    (tmp_path / "reco2dur").write_text("silent 3\n")
    with pytest.raises(DiarkitError, match="1 recordings are not in .*reco2dur: r"):
        read_turns(tmp_path / "hyp.rttm", tmp_path / "reco2dur")
    with pytest.raises(UsageError, match="give --ref too"):
        ReferenceOptions(uem="x.uem")


def test_colours_differ_however_many():
    for count in (0, 1, 10, 40):
        assert len(set(colours(count))) == count and all(re.fullmatch("#[0-9a-f]{6}", c) for c in colours(count))
    assert colours(40)[:7] == colours(7)


def test_speakers_that_belong_together_share_colour_and_place():
    ref = turns((0, 1, "Ann"), (1, 2, "Bob"), (2, 3, "Cleo"))
    hyp = turns((0, 1, "x"), (1, 2, "y"), (2, 3, "z"), (3, 4, "y"))
    above, below = rows(Cast(ref, hyp, {"z": "Ann", "y": "Bob"}))
    assert [r.name for r in above] == ["Ann", "Bob", "Cleo"]
    assert [r.name for r in below] == ["z = Ann", "y = Bob", "x"]
    assert [r.colour for r in below[:2]] == [r.colour for r in above[:2]]
    assert below[2].colour not in {r.colour for r in above} and below[1].spans == [(1, 2), (3, 4)]
    assert rows(Cast(None, turns((0, 1, "n" * 99))))[1][0].name == "n" * 27 + "…"


def test_overlap_is_where_two_or_more_speak():
    assert overlaps(turns((0, 5, "a"), (5, 9, "b"))) == [] == overlaps([])
    assert overlaps(turns((0, 5, "a"), (3, 9, "b"), (4, 6, "c"))) == [(3, 4), (4, 5), (5, 6)]


def test_clock():
    assert [clock(s) for s in (0, 59.6, 61, 3599, 3600, 36000)] == ["00:00", "01:00", "01:01", "59:59", "1:00:00",
                                                                    "10:00:00"]
    assert clock(0.25, fine=True) == "00:00.25" and clock(1.999, fine=True) == "00:02.00"


def painted(axis):
    """Return {colour: number of bars} of one panel, the grey columns left out."""
    bars = [c for c in axis.collections if c.get_alpha() is None]
    return {tuple(c.get_facecolor()[0]): len(c.get_paths()) for c in bars if len(c.get_paths())}


def test_a_picture_has_a_bar_for_every_turn_and_names_the_der():
    ref = turns((0, 10, "Ann"), (8, 20, "Bob"), (25, 26, "Ann"))
    hyp = turns((0, 9, "x"), (9, 20, "y"))
    figure = draw("r$1$_x", Casts({"r$1$_x": hyp}, {"r$1$_x": ref})("r$1$_x"), 30)
    above, below = figure.axes
    assert sorted(painted(above).values()) == [1, 2] and sorted(painted(below).values()) == [1, 1]
    assert set(painted(above)) == set(painted(below))
    assert [t.get_text() for t in below.get_yticklabels()] == ["x = Ann   9.0 s", "y = Bob   11.0 s"]
    assert above.get_title(loc="left") == "r$1$_x" and above.get_xlim() == (0, 30)
    # of 23 s the second speaker of 8-10 and Ann's last second are missed
    assert above.get_title(loc="right") == ("DER 13.0 %  (miss 13.0, false alarm 0.0, confusion 0.0; "
                                            "no collar, overlap scored)")
    assert "two or more" in below.get_xlabel() and len(draw("r", Cast(None, hyp), 30).axes) == 1


@pytest.mark.parametrize("format, head", [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_the_same_turns_give_the_same_bytes(format, head):
    options, files = PictureOptions(format=format, width_in=6), [io.BytesIO(), io.BytesIO()]
    for file in files:
        save(draw("बात", Cast(None, TURNS[:2]), 3700, options), file, options)
    assert files[0].getvalue() == files[1].getvalue() and files[0].getvalue().startswith(head)


def ink(figure, colour):
    """Return the share of columns in which a colour stands."""
    file = io.BytesIO()
    save(figure, file, PictureOptions())
    file.seek(0)
    picture = imread(file)[:, :, :3]
    wanted = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return (np.abs(picture - wanted).max(2) < 0.05).any(0).mean()


def test_ten_hours_with_thousands_of_turns_and_a_single_short_one():
    starts = np.arange(0, 36000, 12.0)
    many = turns(*((s, s + 10, f"SPEAKER_{i % 25:02d}") for i, s in enumerate(starts)))
    figure = draw("long", Cast(many, many, {f"SPEAKER_{i:02d}": f"SPEAKER_{i:02d}" for i in range(25)}), 36000)
    assert sum(painted(figure.axes[1]).values()) == len(many)
    assert figure.axes[1].get_xlim() == (0, 36000) and ink(figure, colours(25)[3]) > 0.04
    assert ink(draw("long", Cast(None, turns((18000, 18000.5, "a"))), 36000), colours(1)[0]) > 0


@pytest.mark.parametrize("duration_s", [0.01, 0.5, 5, 7200, 36000, 400000])
def test_nobody_speaks(duration_s):
    figure = draw("silent", Cast([], []), duration_s)
    assert [a.texts[0].get_text() for a in figure.axes] == ["nobody speaks"] * 2
    assert 2 <= len(figure.axes[-1].xaxis.get_majorticklocs()) <= 20
    save(figure, io.BytesIO(), PictureOptions())


def test_a_recording_without_duration_is_an_error():
    with pytest.raises(DiarkitError, match="r: the recording lasts 0 s"):
        draw("r", Cast(None, []), 0)


def test_pictures_without_reference_and_outside_the_uem(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reco2dur").write_text("r 30\ns 4\n")
    write_rttm("hyp.rttm", turns((0, 9, "x"), (9, 20, "y")))
    write_rttm("ref.rttm", turns((0, 9, "A"), (9, 18, "B")))
    (tmp_path / "some.uem").write_text("r 1 0 18\n")
    main = runpy.run_path(str(ROOT / "bin/draw-timeline.py"))["main"]
    svg = PictureOptions(format="svg")
    main("hyp.rttm", "reco2dur", "out", None, ReferenceOptions(), svg)
    plain = [(tmp_path / f"out/{reco}.svg").read_text() for reco in "rs"]
    assert "DER" not in "".join(plain) and "reference" not in plain[0] and "nobody speaks" in plain[1]
    main("hyp.rttm", "reco2dur", "out", None, ReferenceOptions(ref="ref.rttm"), svg)
    assert "DER 11.1 %" in (tmp_path / "out/r.svg").read_text()
    main("hyp.rttm", "reco2dur", "out", None, ReferenceOptions(ref="ref.rttm", uem="some.uem"), svg)
    assert "DER 0.0 %" in (tmp_path / "out/r.svg").read_text()
    assert "not scored: the UEM does not name it" in (tmp_path / "out/s.svg").read_text()


NAMES = {"rttm", "json", "csv", "srt", "vtt", "png"}
RECOS = ["साक्षात्कार-1", "..", "silent"]


@pytest.fixture
def recipe(tmp_path):
    """A set of three recordings with clusters, as a recipe has it."""
    for room in ("steps", "utils", "bin"):
        (tmp_path / room).symlink_to(ROOT / room)
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    for folder in ("data/x", "exp/m_ahc/x"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data/x/reco2dur").write_text("".join(f"{r} 5.2\n" for r in RECOS), encoding="utf-8")
    windows = [make_segment(r, s, s + 1.5) for r in RECOS[:2] for s in (0, 0.75, 1.5, 4)]
    clusters = tmp_path / "exp/m_ahc/x"
    write_segments(clusters / "subsegments", windows)
    with MatrixWriter(f"ark,scp:{clusters}/labels.ark,{clusters}/labels.scp") as writer:
        for reco, labels in zip(RECOS, ([0, 0, 1, 0], [0, 0, 0, 0], [])):
            writer.write(reco, np.array(labels, np.float32))
    return tmp_path


def test_the_steps_make_turns_and_export_them(call, recipe):
    done = call("steps/make_turns.sh", "data/x", "exp/m_ahc/x", "exp/m_ahc/x/turns")
    assert done.returncode == 0, done.stderr
    found = read_rttm(recipe / "exp/m_ahc/x/turns/hyp.rttm")
    assert [t[1:4] for t in found[RECOS[0]]] == [(0, 1.875, "SPEAKER_00"), (1.875, 3, "SPEAKER_01"),
                                                (4, 5.2, "SPEAKER_00")]
    assert "up to date" in call("steps/make_turns.sh", "data/x", "exp/m_ahc/x", "exp/m_ahc/x/turns").stderr
    write_rttm(recipe / "data/x/ref.rttm", [t for turns in found.values() for t in turns])
    words = ("steps/export_turns.sh", "--nj", "2", "data/x", "exp/m_ahc/x/turns", "exp/m_ahc/x/export")
    done = call(*words)
    assert done.returncode == 0, done.stderr
    out = recipe / "exp/m_ahc/x/export"
    for kind in NAMES:
        assert {p.name for p in (out / kind).iterdir()} == {f"{reco}.{kind}" for reco in RECOS}
    first = json.loads((out / f"json/{RECOS[0]}.json").read_text(encoding="utf-8"))["diarization"]
    assert first[1] == {"speaker": "SPEAKER_01", "start": 1.875, "end": 3.0}
    assert read_rttm(out / f"rttm/{RECOS[0]}.rttm") == {RECOS[0]: found[RECOS[0]]}
    assert (out / "rttm/silent.rttm").read_text() == "" and (out / "vtt/silent.vtt").read_text() == "WEBVTT\n"
    assert imread(out / "png/...png").shape[1] == 14 * 120
    assert "up to date" in call(*words).stderr
