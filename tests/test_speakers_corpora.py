"""local/speakers on stand-ins in the very layouts of VoxCeleb, LibriSpeech, VCTK, OpenSLR 38, folders and tables."""

import zlib

import numpy as np
import pytest
import soundfile
from local_script import load, runner

from diarkit.files import read_table
from diarkit.verification.trials import read_trials

RATE = 16000
SCRIPT = load("speakers/make_data.py")


@pytest.fixture
def make(capsys):
    """local/speakers/make_data.py as its command line."""
    return runner(SCRIPT, ("corpus", "data-dir"), (SCRIPT.SpeakersOptions,), capsys)


def sound(path):
    """Write half a second of noise, in the container of the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(zlib.crc32(path.name.encode())).normal(0, 0.05, RATE // 2), RATE)


def write_voxceleb(root, speakers=("id10001", "id10002", "id10270", "id10271")):
    for speaker in speakers:
        for video in ("1zcIwhmdeo4", "-x_Yq"):
            for number in (1, 2):
                sound(root / "wav" / speaker / video / f"0000{number}.wav")
    (root / "veri_test2.txt").write_text("1 id10270/1zcIwhmdeo4/00001.wav id10270/-x_Yq/00002.wav\n"
                                         "0 id10270/1zcIwhmdeo4/00001.wav id10271/1zcIwhmdeo4/00001.wav\n")
    return root


def write_librispeech(root):
    for split, reader, chapter in (("train-clean-5", "14", "208"), ("train-clean-5", "16", "122627"),
                                   ("dev-clean-2", "84", "121123")):
        for number in range(2):
            sound(root / "LibriSpeech" / split / reader / chapter / f"{reader}-{chapter}-{number:04}.flac")
        (root / "LibriSpeech" / split / reader / chapter / f"{reader}-{chapter}.trans.txt").write_text("no words\n")
    (root / "LibriSpeech/SPEAKERS.TXT").write_text(
        "; Some comments\n;ID  |SEX| SUBSET           |MINUTES| NAME\n14   | F | train-clean-360  | 25.03 | A Name\n"
        "16   | M | train-clean-5    | 25.11 | Another | Name\n84   | F | dev-clean        |  8.02 | Third\n")
    return root


def write_vctk(root, trimmed):
    for speaker in ("p225", "p226", "s5"):
        for number in (1, 2):
            if trimmed:
                for mic in (1, 2):
                    sound(root / f"wav48_silence_trimmed/{speaker}/{speaker}_00{number}_mic{mic}.flac")
            else:
                sound(root / f"wav48/{speaker}/{speaker}_00{number}.wav")
    p = "p" if trimmed else ""
    (root / "speaker-info.txt").write_text(
        "ID  AGE  GENDER  ACCENTS  REGION COMMENTS\n"
        f"{p}225  23  F  English  Southern\n{p}226  22  M  English  Surrey\ns5  24  F  Indian\n")
    return root


def write_openslr38(root):
    for speaker in ("P00001", "P00002"):
        for letter in "AI":
            sound(root / f"ST-CMDS-20170001_1-OS/20170001{speaker}{letter}0001.wav")
            (root / f"ST-CMDS-20170001_1-OS/20170001{speaker}{letter}0001.metadata").write_text("OriginalFile\n")
    return root


def write_folder(root):
    for speaker in ("ann", "bob b"):
        sound(root / speaker / "first day" / "1.wav")
        sound(root / speaker / "2.flac")
    return root


def tables(data):
    return read_table(data / "wav.scp"), read_table(data / "utt2spk")


def test_voxceleb_is_read_with_its_own_trials(make, tmp_path):
    corpus = write_voxceleb(tmp_path / "vox")
    assert make("--layout=voxceleb", corpus, tmp_path / "all").returncode == 0
    wavs, speakers = tables(tmp_path / "all")
    assert len(wavs) == 16 and list(wavs) == sorted(wavs)
    assert speakers["id10001--x_Yq-00002"] == "id10001"
    assert wavs["id10001--x_Yq-00002"] == str(corpus / "wav/id10001/-x_Yq/00002.wav")
    assert set(read_table(tmp_path / "all/utt2group").values()) == {"voxceleb"}
    words = ("--layout=voxceleb", f"--trials={corpus}/veri_test2.txt")
    assert make(*words, "--part=test", corpus, tmp_path / "test").returncode == 0
    assert make(*words, "--part=train", corpus, tmp_path / "train").returncode == 0
    enrolled, tests, same = read_trials(tmp_path / "test/trials")
    assert enrolled == ["id10270-1zcIwhmdeo4-00001"] * 2 and same.tolist() == [True, False]
    assert set(tables(tmp_path / "test")[0]) == {*enrolled, *tests}
    assert set(tables(tmp_path / "train")[1].values()) == {"id10001", "id10002"}
    assert not (tmp_path / "train/trials").exists()


def test_voxceleb_2_is_m4a_which_ffmpeg_reads(make, tmp_path):
    path = tmp_path / "vox 2/dev/aac/id00012/21Uxsk56VDQ/00001.m4a"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"made by nobody")
    assert make("--layout=voxceleb", tmp_path / "vox 2", tmp_path / "data").returncode == 0
    assert tables(tmp_path / "data")[0] == {
        "id00012-21Uxsk56VDQ-00001": f"ffmpeg -v error -i '{path}' -f wav - |"}


def test_a_trial_of_a_file_that_is_not_there_is_told(make, tmp_path):
    corpus = write_voxceleb(tmp_path / "vox", ["id10270"])
    done = make("--layout=voxceleb", f"--trials={corpus}/veri_test2.txt", "--part=test", corpus, tmp_path / "data")
    assert done.returncode == 1
    assert "1 utterances are not in the corpus, such as id10271-1zcIwhmdeo4-00001" in done.stderr
    assert not (tmp_path / "data").exists()


def test_librispeech_is_read_with_its_speakers(make, tmp_path):
    corpus = write_librispeech(tmp_path / "corpora")
    assert make("--layout=librispeech", corpus, tmp_path / "all").returncode == 0
    wavs, speakers = tables(tmp_path / "all")
    assert len(wavs) == 6 and speakers["16-122627-0001"] == "16"
    assert read_table(tmp_path / "all/spk2gender") == {"14": "f", "16": "m", "84": "f"}
    for number, place in enumerate((corpus, corpus / "LibriSpeech")):
        assert make("--layout=librispeech", "--only=dev-clean-2", place, tmp_path / f"dev{number}").returncode == 0
        assert set(tables(tmp_path / f"dev{number}")[1].values()) == {"84"}
    assert make("--layout=librispeech", "--only=dev-other", corpus, tmp_path / "none").returncode == 1


@pytest.mark.parametrize("trimmed", [False, True])
def test_both_releases_of_vctk_are_read(make, tmp_path, trimmed):
    corpus = write_vctk(tmp_path / "VCTK", trimmed)
    assert make("--layout=vctk", "--mic=mic2", corpus, tmp_path / "data").returncode == 0
    wavs, speakers = tables(tmp_path / "data")
    assert sorted(wavs) == [f"{s}_00{n}" for s in ("p225", "p226", "s5") for n in (1, 2)]
    assert wavs["p226_001"].endswith("p226_001_mic2.flac" if trimmed else "wav48/p226/p226_001.wav")
    assert speakers["s5_002"] == "s5"
    assert read_table(tmp_path / "data/spk2gender") == {"p225": "f", "p226": "m", "s5": "f"}


def test_the_speaker_of_openslr_38_is_in_the_name(make, tmp_path):
    assert make("--layout=openslr38", write_openslr38(tmp_path / "slr38"), tmp_path / "data").returncode == 0
    assert tables(tmp_path / "data")[1] == {"P00001A0001": "P00001", "P00001I0001": "P00001", "P00002A0001": "P00002",
                                            "P00002I0001": "P00002"}


def test_a_folder_for_each_speaker_is_enough(make, tmp_path):
    assert make("--layout=folder", write_folder(tmp_path / "my people"), tmp_path / "data").returncode == 0
    wavs, speakers = tables(tmp_path / "data")
    assert speakers == {"ann-2": "ann", "ann-first_day-1": "ann", "bob_b-2": "bob_b", "bob_b-first_day-1": "bob_b"}
    assert wavs["bob_b-first_day-1"] == str(tmp_path / "my people/bob b/first day/1.wav")
    assert set(read_table(tmp_path / "data/utt2group").values()) == {"my_people"}


def write_table(root):
    lines = ["path\tspeaker\tcorpus\tseconds"]
    for corpus, speaker in (("fr", "fr_1"), ("fr", "fr_20"), ("hi", "hi_1"), ("hi", "hi_20")):
        sound(root / corpus / f"{speaker}.flac")
        lines.append(f"{corpus}/{speaker}.flac\t{speaker}\t{corpus}\t0.5")
    (root / "utterances.tsv").write_text("\n".join(lines) + "\n")
    return root


def test_a_table_of_utterances_is_halved_as_elsewhere(make, call, tmp_path):
    corpus = write_table(tmp_path / "speech")
    for half, part in (("tune", "train"), ("test", "test")):
        assert make("--layout=utterances", f"--part={part}", corpus, tmp_path / part).returncode == 0
        done = call("select-utterances.py", f"--half={half}", "--min-seconds=0", corpus, half)
        assert done.returncode == 0, done.stderr
        assert tables(tmp_path / part) == tables(tmp_path / half)
        assert read_table(tmp_path / part / "utt2group") == read_table(tmp_path / half / "utt2group")
    assert make("--layout=utterances", "--only=hi", corpus, tmp_path / "hi").returncode == 0
    assert set(tables(tmp_path / "hi")[1].values()) == {"hi_1", "hi_20"}


def test_no_speaker_is_ever_in_both_parts(make, tmp_path):
    for number in range(40):
        sound(tmp_path / f"many/s{number:02}/1.wav")
    sizes = []
    for share in (0.2, 0.5):
        for part in ("train", "test"):
            assert make(f"--test-share={share}", f"--part={part}", tmp_path / "many", tmp_path / part).returncode == 0
        train, test = (set(tables(tmp_path / part)[1].values()) for part in ("train", "test"))
        assert not train & test and len(train | test) == 40
        sizes.append(test)
    assert sizes[0] < sizes[1] and 2 <= len(sizes[0]) <= 15 and 12 <= len(sizes[1]) <= 28
    (tmp_path / "list").write_text("s03\ns30\n")
    assert make(f"--test-list={tmp_path}/list", "--part=test", tmp_path / "many", tmp_path / "listed").returncode == 0
    assert set(tables(tmp_path / "listed")[1].values()) == {"s03", "s30"}
    (tmp_path / "list").write_text("s99\n")
    done = make(f"--test-list={tmp_path}/list", "--part=test", tmp_path / "many", tmp_path / "listed")
    assert done.returncode == 1 and "such as s99" in done.stderr


def test_fewer_utterances_are_always_the_same_ones(make, tmp_path):
    corpus = write_voxceleb(tmp_path / "vox")
    for name, most in (("one", 1), ("again", 1), ("two", 2)):
        assert make("--layout=voxceleb", f"--most-utterances={most}", corpus, tmp_path / name).returncode == 0
    one, again, two = (tables(tmp_path / name)[0] for name in ("one", "again", "two"))
    assert one == again and len(one) == 4 and len(two) == 8 and one.items() <= two.items()
    done = make("--layout=voxceleb", "--most-utterances=1", corpus, tmp_path / "one")
    assert done.returncode == 0 and "is up to date" in done.stderr


@pytest.mark.parametrize("layout, stray, words", [
    ("voxceleb", "wav/id1/video/00001.wav", "lies in no folder idNNNNN/<video>/"),
    ("librispeech", "LibriSpeech/train-clean-5/14/208/16-208-0001.flac", "is not <split>/<reader>/<chapter>/"),
    ("librispeech", "LibriSpeech/train-clean-5/99/1/99-1-0001.flac", "SPEAKERS.TXT has no reader 99"),
    ("vctk", "wav48/p225/p226_001.wav", "is not <speaker>/<speaker>_<number>"),
    ("vctk", "wav48/p300/p300_001.wav", "speaker-info.txt has no speaker p300"),
    ("openslr38", "ST-CMDS-20170001_1-OS/song.wav", "is not named <8 digits>P"),
    ("folder", "loose.wav", "lies in no speaker's folder"),
    ("folder", "ann/2.wav", "would be called ann-2, as is")])
def test_a_file_that_does_not_fit_is_named_and_nothing_is_written(make, tmp_path, layout, stray, words):
    root = tmp_path / "corpus"
    {"voxceleb": write_voxceleb, "librispeech": write_librispeech, "openslr38": write_openslr38, "folder": write_folder,
     "vctk": lambda r: write_vctk(r, False)}[layout](root)
    sound(root / stray)
    done = make(f"--layout={layout}", root, tmp_path / "data")
    assert done.returncode == 1 and words in done.stderr and str(root / stray) in done.stderr
    assert not (tmp_path / "data").exists()


def test_empty_files_bad_lists_and_missing_rows_are_named(make, tmp_path):
    corpus = write_librispeech(tmp_path / "libri")
    (corpus / "LibriSpeech/train-clean-5/14/208/14-208-0001.flac").write_bytes(b"")
    done = make("--layout=librispeech", corpus, tmp_path / "data")
    assert done.returncode == 1 and "14-208-0001.flac: is empty" in done.stderr
    sheet = corpus / "LibriSpeech/SPEAKERS.TXT"
    sheet.write_text(sheet.read_text() + "17 | X | train-clean-5\n")
    done = make("--layout=librispeech", corpus, tmp_path / "data")
    assert done.returncode == 1 and f"{sheet}:6: expected a speaker and F or M" in done.stderr
    sheet.unlink()
    assert "SPEAKERS.TXT: is not there" in make("--layout=librispeech", corpus, tmp_path / "data").stderr
    table = write_table(tmp_path / "speech")
    (table / "hi/hi_20.flac").unlink()
    done = make("--layout=utterances", table, tmp_path / "data")
    assert done.returncode == 1 and "utterances.tsv:5: " in done.stderr and "hi_20.flac is not there" in done.stderr
    assert make("--layout=folder", tmp_path / "nowhere", tmp_path / "data").returncode == 1
