"""What is scored, and what the tables say: the library's checks, bin/score-diarization.py and steps/score.sh."""

import csv
import runpy
import shutil

import pytest
import soundfile
from conftest import ROOT

from diarkit.annotation import Turn, write_rttm
from diarkit.errors import DiarkitError, UsageError
from diarkit.scoring.report import HEADER, score_recordings, write_tsv
from diarkit.scoring.trial import ScoreOptions, load_trial, read_durations

RECO = "बातचीत_01"
REF = [Turn(RECO, 0, 10, "A"), Turn(RECO, 10, 20, "B"), Turn("b", 1, 5, "A")]
HYP = [Turn(RECO, 0, 12, "x"), Turn(RECO, 12, 20, "y"), Turn("b", 1.2, 6, "x")]


@pytest.fixture
def files(tmp_path):
    """A set of three recordings, one of them silent."""
    write_rttm(tmp_path / "ref.rttm", REF)
    write_rttm(tmp_path / "hyp.rttm", HYP)
    (tmp_path / "reco2dur").write_text(f"{RECO} 30\nb 10.5\nsilent 4\n", encoding="utf-8")
    return tmp_path


def tables(folder):
    """Return (rows of der.tsv by (protocol, reco), text of der.txt)."""
    with open(folder / "der.tsv", encoding="utf-8", newline="") as file:
        rows = {(row["protocol"], row["reco"]): row for row in csv.DictReader(file, delimiter="\t")}
    return rows, (folder / "der.txt").read_text(encoding="utf-8")


@pytest.fixture
def score(files, monkeypatch):
    """Run the binary's main in the set's folder; give its tables."""
    monkeypatch.chdir(files)
    main = runpy.run_path(str(ROOT / "bin/score-diarization.py"))["main"]

    def run(hyp="hyp.rttm", **options):
        main("ref.rttm", "reco2dur", hyp, "out", ScoreOptions(**options))
        return tables(files / "out")
    return run


def numbers(row, *names):
    return [float(row[name]) for name in names]


def load(files, **options):
    return load_trial(files / "ref.rttm", files / "reco2dur", files / "hyp.rttm", ScoreOptions(**options))


def test_tables_by_hand(call, files):
    done = call("score-diarization.py", "--skip-overlap=false", "ref.rttm", "reco2dur", "hyp.rttm", "new/out")
    assert done.returncode == 0, done.stderr
    rows, text = tables(files / "new/out")
    assert list(next(iter(rows.values()))) == HEADER
    assert [name for name, _ in rows] == [p for p in ("full", "fair", "forgiving") for _ in range(4)]
    assert numbers(rows["full", RECO], "der", "miss", "fa", "conf", "total_s") == [10, 0, 0, 10, 20]
    assert numbers(rows["full", "b"], "der", "miss", "fa", "conf", "total_s") == [30, 5, 25, 0, 4]
    assert numbers(rows["full", "OVERALL"], "der", "total_s") == pytest.approx([100 * 3.2 / 24, 24], abs=1e-3)
    silent = rows["full", "silent"]
    assert [silent[name] for name in ("der", "jer", "purity", "ref_speakers")] == ["0.000", "nan", "nan", "0"]
    # fair: in b only 5.25 to 6 is wrong, out of 3.5 s; in the other 10.25 to 12 is confused, out of 19 s
    assert numbers(rows["fair", "b"], "der", "fa") == pytest.approx([100 * 0.75 / 3.5] * 2, abs=1e-3)
    assert numbers(rows["fair", RECO], "conf", "collar_s") == pytest.approx([100 * 1.75 / 19, 0.25], abs=1e-3)
    assert rows["forgiving", RECO]["overlap"] == "skipped" and rows["fair", RECO]["overlap"] == "scored"
    assert "Protocol full: no collar, overlap scored" in text
    for said in ("UEM none: whole recordings are scored (3 recordings, 44.500 s)", "silent: no reference speech",
                 "DER 13.33 % (miss 0.83, false alarm 4.17, confusion 8.33) full: no collar, overlap scored",
                 "Number of speakers: right in 3 of 3 recordings (100.0 %), off by 0.00 on average"):
        assert said in text and said in done.stderr


def test_a_recording_that_the_hypothesis_lacks_is_missed(score, files, capsys):
    write_rttm(files / "part.rttm", HYP[:2])
    rows, text = score(hyp="part.rttm")
    assert numbers(rows["full", "b"], "der", "miss", "hyp_speakers") == [100, 100, 0]
    assert numbers(rows["full", "OVERALL"], "miss") == pytest.approx([100 * 4 / 24], abs=1e-3)
    missed = "b: not in the hypothesis, all its speech is missed"
    assert missed in text and missed in capsys.readouterr().err
    (files / "empty.rttm").write_text("")
    assert numbers(score(hyp="empty.rttm")[0]["forgiving", "OVERALL"], "der", "jer") == [100, 100]


@pytest.mark.parametrize("which", ["ref", "hyp"])
def test_a_recording_nobody_knows_is_an_error(score, files, which):
    write_rttm(files / f"{which}.rttm", [*(REF if which == "ref" else HYP), Turn("stranger", 0, 1, "A")])
    with pytest.raises(DiarkitError, match=f"{which}.rttm: 1 recordings are not in reco2dur: stranger"):
        score()
    assert not (files / "out").exists()


def test_uem(score, files):
    (files / "some.uem").write_text(f"{RECO} 1 0 11\n{RECO} 1 25 99\n", encoding="utf-8")
    rows, text = score(uem="some.uem")
    assert ("full", "b") not in rows and ("full", "silent") not in rows
    assert numbers(rows["full", RECO], "total_s", "conf") == pytest.approx([11, 100 / 11], abs=1e-3)
    assert "UEM some.uem (1 recordings, 16.000 s)" in text
    assert "not scored, because the UEM does not name them: b, silent" in text


@pytest.mark.parametrize("uem, words", [
    ("stranger 1 0 1\n", "not in .*reco2dur: stranger"), ("b 1 20 30\n", "nothing to score in b"),
    ("silent 1 0 4\n", "no speech in any of the 1 recordings to score"), ("", "nothing to score"),
])
def test_a_uem_that_cannot_be_meant(files, uem, words):
    (files / "bad.uem").write_text(uem)
    with pytest.raises(DiarkitError, match=words):
        load(files, uem=str(files / "bad.uem"))


def test_a_protocol_of_ones_own_stands_beside_the_three(score):
    rows, text = score(collar=0.5, skip_overlap=True)
    assert numbers(rows["custom", "b"], "collar_s", "fa", "total_s") == pytest.approx([0.5, 100 * 0.5 / 3, 3], abs=1e-3)
    assert rows["custom", "b"]["overlap"] == "skipped" and len({p for p, _ in rows}) == 4
    assert "Protocol custom: 0.5 s collar on each side of a reference boundary, overlap skipped" in text
    assert len({p for p, _ in score(collar=0.1)[0]}) == 4 and len({p for p, _ in score()[0]}) == 3
    with pytest.raises(UsageError, match="--collar must be at least 0"):
        ScoreOptions(collar=-1)


def test_what_a_threshold_was_tuned_on_is_refused(score, files):
    (files / "tuned.recos").write_text("b  a note\nelsewhere\n")
    with pytest.raises(DiarkitError, match=r"1 of 3 scored recordings were tuned on \(tuned.recos\): b"):
        score(tuned_on="tuned.recos")
    assert not (files / "out").exists()
    rows, text = score(tuned_on="tuned.recos", allow_tuned=True)
    assert ("full", "b") in rows and "TUNED ON THE SET IT SCORES. 1 of 3" in text
    (files / "some.uem").write_text(f"{RECO} 1 0 30\n", encoding="utf-8")
    assert "TUNED" not in score(tuned_on="tuned.recos", uem="some.uem")[1]  # b is not scored at all
    with pytest.raises(DiarkitError, match="nowhere"):
        score(tuned_on="nowhere")


def test_turns_past_the_end_and_turns_merged_are_said(files):
    write_rttm(files / "ref.rttm", [*REF, Turn("b", 4, 12, "A"), Turn("b", 12, 13, "A")])
    trial = load(files)
    assert "b: the reference runs to 13.000 s, past the recording's end at 10.500 s" in "".join(trial.notes)
    found = {reco: (row, notes) for reco, row, notes in score_recordings(trial, ScoreOptions().protocols)}
    assert found["b"][1] == ["b: 2 reference turns touch or overlap another of their speaker and count as one with it"]
    assert {p.name: s.total_s for p, s in found["b"][0].items()} == pytest.approx(
        {"full": 9.5, "fair": 8.25, "forgiving": 8.25})
    assert found[RECO][1] == []


def test_no_reference_at_all_is_an_error(files):
    (files / "ref.rttm").write_text("")
    with pytest.raises(DiarkitError, match="no speech in any of the 3 recordings to score"):
        load(files)


def test_durations_from_audio_or_numbers(files, speech):
    soundfile.write(files / "a.wav", speech[:24000], 16000)
    (files / "wav.scp").write_text(f"a {files}/a.wav\n")
    assert read_durations(files / "wav.scp") == {"a": 1.5}
    (files / "reco2dur").write_text("a 0\n")
    with pytest.raises(DiarkitError, match="a lasts 0 s"):
        read_durations(files / "reco2dur")


def test_the_tsv_adds_up(files):
    trial = load(files)
    scores = {reco: row for reco, row, _ in score_recordings(trial, ScoreOptions().protocols)}
    write_tsv(files / "der.tsv", scores)
    for line in (files / "der.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        _, _, _, _, der, miss, fa, conf, *_ = line.split("\t")
        assert float(der) == pytest.approx(float(miss) + float(fa) + float(conf), abs=2e-3)


@pytest.fixture
def recipe(files):
    """The set as a recipe has it: data/x and exp/turns/x, with links to the steps."""
    for room in ("steps", "utils", "bin"):
        (files / room).symlink_to(ROOT / room)
    shutil.copytree(ROOT / "conf", files / "conf")
    for folder in ("data/x", "exp/turns/x"):
        (files / folder).mkdir(parents=True)
    for name in ("ref.rttm", "reco2dur"):
        (files / name).rename(files / "data/x" / name)
    (files / "hyp.rttm").rename(files / "exp/turns/x/hyp.rttm")
    return files


def test_the_step_scores_once_and_again_when_a_uem_appears(call, recipe):
    words = ("steps/score.sh", "data/x", "exp/turns/x", "exp/score/x")
    done = call(*words)
    assert done.returncode == 0, done.stderr
    assert "DER 13.33 %" in done.stdout and (recipe / "exp/score/x/.done").exists()
    assert "is up to date" in call(*words).stderr
    (recipe / "data/x/ref.uem").write_text("b 1 0 10.5\n")
    done = call(*words)
    assert done.returncode == 0 and "DER 30.00 %" in done.stdout
    assert "UEM data/x/ref.uem (1 recordings" in (recipe / "exp/score/x/der.txt").read_text(encoding="utf-8")
    done = call(*words, "--uem", "data/x/nowhere")
    assert done.returncode != 0 and "data/x/nowhere" in done.stderr


def test_the_step_refuses_what_was_tuned_on_and_names_its_log(call, recipe):
    (recipe / "tuned.recos").write_text("b\n")
    done = call("steps/score.sh", "--tuned-on", "tuned.recos", "data/x", "exp/turns/x", "exp/score/x")
    assert done.returncode == 1 and "exp/score/x/log" in done.stderr
    assert not (recipe / "exp/score/x/.done").exists() and not (recipe / "exp/score/x/der.tsv").exists()


def test_noscore_and_laughs_are_not_scored_as_in_md_eval(call, tmp_path):
    (tmp_path / "ref.rttm").write_text(
        "SPKR-INFO r 1 <NA> <NA> <NA> adult_male A <NA>\nSPEAKER r 1 0 10 <NA> <NA> A <NA>\n"
        "SPEAKER r 1 10 10 <NA> <NA> B <NA>\nNOSCORE r 1 12 6 <NA> <NA> <NA> <NA>\n"
        "LEXEME r 1 0.5 0.4 hello lex A <NA>\nNON-LEX r 1 3 1 laugh laugh A <NA>\n")
    write_rttm(tmp_path / "hyp.rttm", [Turn("r", 0, 12, "x"), Turn("r", 18, 20, "y")])
    (tmp_path / "reco2dur").write_text("r 20\n")
    done = call("score-diarization.py", "ref.rttm", "reco2dur", "hyp.rttm", "out")
    assert done.returncode == 0 and "r: 8.000 s of NOSCORE and NON-LEX in the reference are not scored" in done.stderr
    rows, _ = tables(tmp_path / "out")
    assert numbers(rows["full", "r"], "der", "conf", "total_s") == [16.667, 16.667, 12]  # md-eval-22: 16.67 %


@pytest.mark.parametrize("change, words", [
    (lambda text: "\ufeff" + text, None), (lambda text: text.replace("\n", "\r"), None),
    (lambda text: text.replace("\n", "\r\n"), None), (lambda text: text.rstrip("\n"), None),
    (lambda text: text.replace("SPEAKER", "speaker", 1), "hyp.rttm:1: a line of type 'speaker'"),
    (lambda text: text.replace(" x ", " John Smith ", 1), "hyp.rttm:1: 11 columns, names may hold no blanks")])
def test_a_hypothesis_is_read_whole_or_refused(call, files, change, words):
    with open(files / "hyp.rttm", encoding="utf-8", newline="") as file:
        text = change(file.read())
    assert call("score-diarization.py", "ref.rttm", "reco2dur", "hyp.rttm", "out").returncode == 0
    wanted = tables(files / "out")[0]
    with open(files / "hyp.rttm", "w", encoding="utf-8", newline="") as file:
        file.write(text)
    done = call("score-diarization.py", "ref.rttm", "reco2dur", "hyp.rttm", "again")
    assert (done.returncode, words or "") == (1 if words else 0, words if words and words in done.stderr else "")
    assert words or tables(files / "again")[0] == wanted
