"""The whole chain in one process: a recording in, its turns out; networks are loaded once, audio is decoded once.

It composes the functions that the programs of each stage call, so both ways give the same turns. `diarkit.diarize`,
the command `diarkit` and steps/diarize.sh stand on it.
"""

import dataclasses
import functools
import importlib
import threading
from typing import NamedTuple

import numpy as np

from diarkit.audio import AudioOptions
from diarkit.cluster.options import ClusterOptions, CountOptions
from diarkit.cluster.speakers import SpeakerOptions, Speakers, cluster_speakers
from diarkit.embed.speakers import SpeakerEmbedder, SpeakerEmbedOptions
from diarkit.features.beside import FeaturesBeside
from diarkit.features.fbank import Fbank, FbankOptions
from diarkit.models.network import SCALES, NetworkOptions, open_network
from diarkit.options import from_conf, opt, options
from diarkit.places import CONF
from diarkit.segmentation.aggregate import frame_weights
from diarkit.segmentation.grid import RATE_HZ
from diarkit.segmentation.options import OverlappingTurnOptions, SegmentOptions
from diarkit.segmentation.powerset import to_multilabel
from diarkit.segmentation.reconstruct import ShortWindows, agreement, reconstruct
from diarkit.segmentation.segment import Segmentation, Segmenter
from diarkit.segmentation.spans import counted


@dataclasses.dataclass(frozen=True)
class Settings:
    """Options of every stage, as the programs of the stages take them; threads change no byte of the result."""

    network: NetworkOptions
    segment: SegmentOptions
    embed: SpeakerEmbedOptions
    speaking: SpeakerOptions
    cluster: ClusterOptions
    turns: OverlappingTurnOptions
    seed: int = 0


def read_settings(files=None, threads=1, plda=None, **network):
    """Return the Settings of configurations.

    files: ChainFiles, None for those that come with the package. plda: a name or a folder, None for the one that
    belongs to the model. network: fields of NetworkOptions that win over the file.
    """
    files = files or ChainFiles()
    made = from_conf(NetworkOptions, files.embed_config, SpeakerEmbedOptions, **network)
    own = {"plda": plda or made.model} if plda or made.model in SCALES else {}
    return Settings(
        network=made,
        segment=from_conf(SegmentOptions, files.segment_config, threads=threads),
        embed=from_conf(SpeakerEmbedOptions, files.embed_config, NetworkOptions, threads=threads),
        speaking=from_conf(SpeakerOptions, files.cluster_config, ClusterOptions),
        cluster=from_conf(ClusterOptions, files.cluster_config, SpeakerOptions, **own),
        turns=from_conf(OverlappingTurnOptions, files.turns_config))


@options
class ChainFiles:
    """Configurations of the stages"""

    segment_config: str = opt(str(CONF / "segmentation/segment.conf"), "options of segment-speakers.py")
    embed_config: str = opt(str(CONF / "embed/speakers.conf"), "options of embed-speakers.py")
    cluster_config: str = opt(str(CONF / "cluster/speakers.conf"), "options of cluster-speakers.py")
    turns_config: str = opt(str(CONF / "turns/overlapping.conf"), "options of speakers-to-rttm.py")


class Found(NamedTuple):
    """What the chain finds in one recording.

    turns, exclusive: [(start_s, end_s, label, confidence)] in time order; turns may overlap, exclusive ones do not.
    speakers: Speakers; means: (K, D) unit mean embeddings; segmentation: Segmentation; duration_s: of the recording.
    """

    turns: list
    exclusive: list
    speakers: Speakers
    means: np.ndarray
    segmentation: Segmentation
    duration_s: float


class Chain:
    """Diarize recordings with networks that are loaded once; neither threads nor block sizes change a byte."""

    def __init__(self, settings=None):
        self.settings = s = settings or read_settings()
        self.segmenter, network = Segmenter(s.segment), open_network(s.network.model, engine=s.network.engine)
        conf = network.features or CONF / "features/fbank_resnet34.conf"
        self.fbank = Fbank(from_conf(FbankOptions, conf, AudioOptions))
        self.embedder = SpeakerEmbedder(network, s.embed, self.fbank.options.frame_shift / 1000)

    def __call__(self, audio, count=None, progress=None):
        """Return the Found of one recording.

        audio: an audio.AudioFile or the like at 16 kHz. count: CountOptions. progress: called with the name of a stage
        and its share that is done, from 0 to 1.
        """
        s, tell = self.settings, progress or (lambda stage, share: None)
        # Clustering needs it: a second, which passes while the networks work outside Python's lock.
        threading.Thread(target=importlib.import_module, args=("sklearn.cluster",), daemon=True).start()
        with FeaturesBeside(audio, self.fbank, functools.partial(tell, "listening")) as heard:
            segmentation = self.segmenter(heard)
            tell("listening", 1.0)
            features = heard.features()
            duration_s = round(audio.duration_s, 3)  # as reco2dur has it
            grains = self.embedder.both(features, segmentation.classes, s.segment.hop_s,
                                        functools.partial(tell, "telling voices apart"))
        active = to_multilabel(segmentation.classes)
        speakers = cluster_speakers(grains.speakers, active, s.speaking, s.cluster, count or CountOptions(),
                                    s.segment.hop_s, seed=s.seed, short=grains.windows)
        tell("finding speakers", 1.0)
        return self._found(segmentation, active, grains, speakers, duration_s)

    def _found(self, segmentation, active, grains, speakers, duration_s):
        s, hop_s = self.settings, self.settings.segment.hop_s
        weights, many = frame_weights(s.segment.taper, s.segment.trim), counted(segmentation.scores, s.segment)
        alone, short = dataclasses.replace(s.turns, overlap=False), ShortWindows(grains.times, speakers.shares)
        turns, exclusive = (reconstruct(active, speakers.labels, hop_s, duration_s, options, weights, many, short)
                            for options in (s.turns, alone))
        turns, exclusive = (agreement(active, speakers.labels, hop_s, duration_s, weights, found, short,
                                      s.turns.short_weight) for found in (turns, exclusive))
        return Found(turns, exclusive, speakers, speaker_means(grains.speakers, speakers.labels), segmentation,
                     duration_s)


def speaker_means(vectors, labels):
    """Return (K, D) float32 mean embeddings of length 1, one for each speaker.

    vectors: (W * 3, D) embeddings of local speakers; labels: (W, 3) speaker numbers, -1 where nobody.
    """
    found, rows = labels.ravel(), np.linalg.norm(vectors, axis=1)
    kept = (found >= 0) & (rows > 0)
    means = np.zeros((found.max(initial=-1) + 1, vectors.shape[1]))
    np.add.at(means, found[kept], vectors[kept] / rows[kept, None])
    return (means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def audio_options(**changes):
    """Return the AudioOptions that the chain needs: 16 kHz, and what the caller chooses."""
    return AudioOptions(sample_rate=RATE_HZ, **changes)
