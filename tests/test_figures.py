"""The step that draws all pictures, and the page that shows them."""

import runpy
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from conftest import ROOT
from figures import CAST, HYP, RATE, REF, noise, pixels, scene, voices, where, written

from diarkit.annotation import make_segment, write_rttm, write_segments
from diarkit.errors import KeysFailed
from diarkit.export import scatter, waveform
from diarkit.export.cast import CastOptions
from diarkit.export.palette import FIRST
from diarkit.export.project import ProjectOptions
from diarkit.export.whose import WindowsOptions
from diarkit.segmentation.grid import FRAMES
from diarkit.tables import MatrixWriter


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
