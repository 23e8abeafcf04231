"""The segmentation network against its paper, its ONNX file and itself; whole recordings, however short or cut."""

import numpy as np
import pytest
import torch

from diarkit import models
from diarkit.errors import DiarkitError, UsageError
from diarkit.models import pyannet_weights
from diarkit.models.pyannet import FIELD_N, STEP_N, PyanNet, SincFilters, frame_count
from diarkit.segmentation import Segmenter, SegmentOptions, oracle, reconstruct
from diarkit.segmentation.engines import load_torch, open_engine
from diarkit.segmentation.grid import FRAMES, WINDOW_N
from diarkit.segmentation.powerset import to_multilabel
from diarkit.segmentation.segment import ordered, window_batches
from diarkit.segmentation.spans import counted, overlap_spans, speech_spans
from diarkit.vad import Samples
from diarkit.vad.spans import length_s

RNG = np.random.default_rng(5)


def noise(samples_n):
    return RNG.normal(0, 0.1, samples_n).astype(np.float32)


def weights(name):
    try:
        return models.fetch(name)
    except DiarkitError as error:
        pytest.skip(f"NO WEIGHTS: {error}")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A file of untrained weights, the same at every call."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("net") / "own.pt"
    torch.save({"state_dict": PyanNet().state_dict()}, path)
    return str(path)


def test_size_frames_and_what_a_frame_sees():
    network = PyanNet().eval()
    assert sum(p.numel() for p in network.parameters()) == 1_473_265
    assert frame_count(WINDOW_N) == FRAMES and frame_count(FIELD_N) == 1 and frame_count(FIELD_N + STEP_N - 1) == 1
    with torch.inference_mode():
        assert network(torch.zeros(2, 1, WINDOW_N)).shape == (2, FRAMES, 7)
        assert torch.allclose(network(torch.randn(1, 1, 16000)).exp().sum(-1), torch.ones(1), atol=1e-5)
        x = torch.randn(1, 1, 20000)
        y = x.clone()
        y[..., 20 * STEP_N + FIELD_N:] = 0
        plain = network.sincnet
        plain.wav_norm1d = torch.nn.Identity()
        plain.norm1d = torch.nn.ModuleList([torch.nn.Identity()] * 3)
        same = (plain(x) == plain(y)).all(1)[0]
    assert same[:21].all() and not same[21]


def test_filters_are_the_ideal_band_passes_of_the_paper():
    filters, t = SincFilters(), np.arange(-125, 126) / 16000
    even, odd = filters.taps().detach().numpy()[:, 0].reshape(2, 40, 251)
    low = 50 + filters.low_hz_.detach().numpy()[7, 0]
    high = low + 50 + filters.band_hz_.detach().numpy()[7, 0]
    ideal = (2 * high * np.sinc(2 * high * t) - 2 * low * np.sinc(2 * low * t)) / (2 * (high - low))  # eq. 4, scaled
    np.testing.assert_allclose(even[7], ideal * np.hamming(251), atol=2e-5)
    assert (even == even[:, ::-1]).all() and (odd == -odd[:, ::-1]).all() and (even[:, 125] == 1).all()
    gain = np.abs(np.fft.rfft(odd[7], 16000))
    middle = round((low + high) / 2)
    assert gain[middle] > 20 * gain[int(high) + 300] and gain[middle] > 20 * gain[max(int(low) - 300, 0)]


def test_filters_shared_between_windows_change_nothing(own):
    x = noise(2 * 40000 + WINDOW_N) + np.float32(0.05)  # an offset, which each window's normalisation takes away
    found = open_engine(own, "onnx")(x, 3, 40000)
    windows = np.stack([x[w * 40000:w * 40000 + WINDOW_N] for w in range(3)])[:, None]
    with torch.inference_mode():
        np.testing.assert_allclose(found, load_torch(own)(torch.from_numpy(windows)).numpy(), atol=1e-4)


@pytest.mark.models
def test_torch_and_onnx_give_the_same(speech):
    """In float32 both are within 2e-4 of a probability of each other and of what double precision gives."""
    torch_file, onnx_file = weights("segmentation-public"), weights("segmentation-onnx")
    x = np.pad(speech, (0, max(2 * 40000 + WINDOW_N - len(speech), 0)))[:2 * 40000 + WINDOW_N]
    ours, theirs = (open_engine(path, "torch")(x, 3, 40000) for path in (torch_file, onnx_file))
    np.testing.assert_allclose(np.exp(ours), np.exp(theirs), atol=2e-4)
    assert (ours.argmax(-1) == theirs.argmax(-1)).mean() > 0.999
    exact = load_torch(torch_file).double()
    with torch.inference_mode():
        np.testing.assert_allclose(np.exp(ours[:1]), exact(torch.from_numpy(x[None, None, :WINDOW_N]).double()).exp(),
                                   atol=2e-4)


def test_every_engine_gives_the_same(speech):
    x = np.resize(speech, WINDOW_N + 40000)
    exact, floats, integers = (open_engine(None, engine)(x, 2, 40000) for engine in ("torch", "onnx", "int8"))
    np.testing.assert_allclose(np.exp(floats), np.exp(exact), atol=2e-3)
    assert (exact.argmax(-1) == integers.argmax(-1)).mean() > 0.98


def test_weights_of_sixteen_bits_come_back(own, tmp_path):
    arrays = pyannet_weights.read(own)
    pyannet_weights.write(tmp_path / "w.npz", arrays)
    again = pyannet_weights.read(tmp_path / "w.npz")
    assert set(again) == set(pyannet_weights.shapes())
    for name, array in arrays.items():
        np.testing.assert_allclose(again[name], array, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("seconds, windows", [(0.05, 1), (3.0, 1), (10.0, 1), (10.1, 2), (21.0, 4)])
def test_any_length_gives_windows_and_scores(own, seconds, windows):
    opts = SegmentOptions(segmentation_model=own, hop_s=4.0, batch=2)
    found = Segmenter(opts)(Samples(noise(round(seconds * 16000)), 16000))
    assert found.classes.shape == (windows, FRAMES) and found.classes.dtype == np.int8
    assert found.scores.shape[1] == 3 and (found.scores >= 0).all() and (found.scores <= 1).all()
    spans = speech_spans(found.scores, seconds, opts)
    assert (spans >= 0).all() and (spans <= seconds).all()


def test_threads_and_blocks_change_no_bit(own):
    x = noise(23 * 16000)
    first = Segmenter(SegmentOptions(segmentation_model=own, batch=2))(Samples(x, 16000))
    again = Segmenter(SegmentOptions(segmentation_model=own, batch=2, threads=3))(Samples(x, 16000))
    assert (first.classes == again.classes).all() and (first.scores == again.scores).all()
    small, whole = (list(window_batches(iter(b), 40000, 2)) for b in (np.split(x, 46), [x]))
    assert [w for _, w in small] == [w for _, w in whole] == [2, 2, 2, 1]
    assert all((a == b).all() for (a, _), (b, _) in zip(small, whole))


def test_audio_is_read_no_further_than_it_is_worked_on():
    read = []

    def items():
        for number in range(50):
            read.append(number)
            yield (number,)

    for result in ordered(lambda number: number, items(), 2):
        assert len(read) <= result + 4
    assert len(read) == 50


def test_weights_and_rates_that_do_not_fit_are_refused(tmp_path, own):
    (tmp_path / "bad.pt").write_bytes(b"no weights")
    with pytest.raises(DiarkitError, match="no weights of the segmentation network"):
        open_engine(tmp_path / "bad.pt")
    with pytest.raises(DiarkitError, match="cannot be loaded"):
        open_engine(tmp_path / "bad.onnx")
    with pytest.raises(UsageError, match="16000"):
        Segmenter(SegmentOptions(segmentation_model=own))(Samples(noise(800), 8000))


@pytest.mark.models
def test_silence_and_noise_have_no_speaker():
    segmenter = Segmenter(SegmentOptions(segmentation_model=str(weights("segmentation"))))
    for x in (np.zeros(16000 * 12, np.float32), noise(16000 * 12) / 10):
        found = segmenter(Samples(x, 16000))
        assert length_s(speech_spans(found.scores, 12.0, segmenter.options)) < 0.2


@pytest.mark.models
def test_two_voices_at_once_are_overlap(speech):
    segmenter = Segmenter(SegmentOptions(segmentation_model=str(weights("segmentation"))))
    half = len(speech) // 2
    alone = segmenter(Samples(speech, 16000))
    both = segmenter(Samples(speech[:half] + speech[half:2 * half], 16000))
    spoken = length_s(speech_spans(alone.scores, len(speech) / 16000, segmenter.options))
    assert spoken > 0.6 * len(speech) / 16000
    assert length_s(overlap_spans(both.scores, half / 16000, segmenter.options)) > 0.4 * half / 16000
    assert length_s(overlap_spans(alone.scores, len(speech) / 16000, segmenter.options)) < 0.1 * spoken


@pytest.mark.models
def test_with_ideal_labels_the_conversations_come_back(conversations):
    """The share of reference talk that is found at the right speaker: what clustering alone could still lose."""
    from diarkit.annotation import read_rttm
    from diarkit.audio import AudioFile

    segmenter = Segmenter(SegmentOptions(segmentation_model=str(weights("segmentation"))))
    turns, audio = read_rttm(conversations / "ref.rttm")["trn04"], AudioFile(str(conversations / "trn04.flac"))
    found, names = segmenter(audio), oracle.speakers_of(turns)
    active = to_multilabel(found.classes)
    labels = oracle.assign(active, turns, names, 2.5)
    count = counted(found.scores, segmenter.options)
    spans = reconstruct(active, labels, 2.5, audio.duration_s, count=count)
    right = sum(max(min(b, t.end_s) - max(a, t.start_s), 0)
                for a, b, k in spans for t in turns if names[k] == t.speaker)
    talk = sum(min(t.end_s, 30) - t.start_s for t in turns)
    assert right > 0.6 * talk and right > 0.85 * sum(b - a for a, b, _ in spans)
