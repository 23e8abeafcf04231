"""Speaker embedding networks: any trunk, any pooling, from one table."""

from typing import Any, NamedTuple

import torch
from torch import nn

from diarkit.errors import DiarkitError, UsageError
from diarkit.networks import ecapa, lstm, xvector
from diarkit.networks.layers import fold
from diarkit.networks.network import SpeakerNetwork, parameters, save
from diarkit.networks.pooling import POOLINGS, Last
from diarkit.networks.rescnn import ResCnnTrunk
from diarkit.networks.resnet34 import ResNetTrunk
from diarkit.networks.small import SmallTrunk
from diarkit.networks.thin_resnet34 import ThinResNetTrunk

__all__ = ["NETWORKS", "POOLINGS", "SpeakerNetwork", "build", "fold", "load", "parameters", "save"]


class Design(NamedTuple):
    """One network: what it is made of where nothing else is asked for.

    features: the conf file of the features it was designed for; feats_dim: their columns; sizes: of its trunk.
    centred: its features have mean 0 over the input; most_t: the longest input it was designed for, frames, None for
    any. head, tail: make the projection, and what a classifier has in front of it (see SpeakerNetwork).
    """

    paper: str
    features: str
    feats_dim: int
    dim: int
    pooling: str
    trunk: Any
    sizes: dict
    unit_length: bool = False
    centred: bool = True
    most_t: int | None = None
    head: Any = nn.Linear
    tail: Any = None


FBANK = "features/fbank_resnet34.conf"
ECAPA = "Desplanques et al. 2020"
NETWORKS = {
    "xvector": Design("Snyder et al. 2018", "features/fbank_xvector.conf", 24, 512, "statistics", xvector.XvectorTrunk,
                      {}, tail=xvector.tail),
    "ecapa": Design(ECAPA, FBANK, 80, 192, "channel_attentive", ecapa.EcapaTrunk, {"channels": 512}, head=ecapa.head),
    "ecapa1024": Design(ECAPA, FBANK, 80, 192, "channel_attentive", ecapa.EcapaTrunk, {"channels": 1024},
                        head=ecapa.head),
    "resnet34": Design("He et al. 2016; Wang et al. 2023", FBANK, 80, 256, "statistics", ResNetTrunk, {}),
    "thin_resnet34": Design("Xie et al. 2019", "features/spectrogram.conf", 257, 512, "ghostvlad", ThinResNetTrunk, {}),
    "rescnn": Design("Li et al. 2017", "features/psf_deepspeaker.conf", 64, 512, "mean", ResCnnTrunk, {},
                     unit_length=True, centred=False),
    "lstm": Design("Wan et al. 2018", "features/mel_ge2e.conf", 40, 256, "last", lstm.LstmTrunk, {}, unit_length=True,
                   centred=False, most_t=160, head=lstm.head),
    "bilstm": Design("Wan et al. 2018", "features/mel_ge2e.conf", 40, 256, "last", lstm.LstmTrunk, {"both_ways": True},
                     unit_length=True, centred=False, most_t=160, head=lstm.head),
    "small": Design("our own", FBANK, 80, 256, "statistics", SmallTrunk, {}),
}


def build(name, pooling=None, dim=None, feats_dim=None, **sizes):
    """Return a new SpeakerNetwork with random weights: torch's generator decides them.

    name: of NETWORKS; pooling: of POOLINGS; dim: of the embedding; feats_dim: columns of the features; sizes: keyword
    arguments of the trunk, such as channels=1024 of ecapa. What is None is as in the table.
    Raises UsageError for unknown names.
    """
    if name not in NETWORKS:
        raise UsageError(f"no network {name!r}. Known: {', '.join(NETWORKS)}")
    design = NETWORKS[name]
    pooling, dim, feats_dim = pooling or design.pooling, dim or design.dim, feats_dim or design.feats_dim
    if pooling not in POOLINGS:
        raise UsageError(f"no pooling {pooling!r}. Known: {', '.join(POOLINGS)}")
    trunk = design.trunk(feats_dim, **design.sizes | sizes)
    both_ways = pooling == "last" and getattr(trunk, "both_ways", False)
    pool = Last(trunk.channels, both_ways=True) if both_ways else POOLINGS[pooling](trunk.channels)
    tail = design.tail(dim) if design.tail else None
    network = SpeakerNetwork(trunk, pool, design.head(pool.dim, dim), dim, design.unit_length, tail)
    network.config = {"name": name, "pooling": pooling, "dim": dim, "feats_dim": feats_dim, **sizes}
    return network


def load(path):
    """Return the SpeakerNetwork that `save` wrote, ready to be used.

    Raises DiarkitError where the file holds none.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        network = build(**found["network"])
        network.load_state_dict(found["state_dict"])
    except OSError as error:
        raise DiarkitError(f"{path}: cannot be read: {error.strerror}. Check the path of the network") from None
    except Exception as error:  # unpickling fails in as many ways as there are broken files
        raise DiarkitError(f"{path}: no network that diarkit.networks wrote: {str(error).splitlines()[0]}") from None
    return network.eval()
