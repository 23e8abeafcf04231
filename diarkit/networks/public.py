"""Public weights of networks that are built here."""

import re

from diarkit.errors import DiarkitError
from diarkit.networks import build

ECAPA_KEY = "blocks.0.conv.conv.weight"  # a name that tells the weights of SpeechBrain's ECAPA-TDNN


def ecapa_from_public(weights):
    """Return ECAPA-TDNN with SpeechBrain's public weights, ready to be used. weights: its state dict.

    Its layers are called conv.conv and norm.norm there, its pooling asp, its last two layers asp_bn and fc. It
    reflects frames at both ends, and aggregates into 3072 channels where the paper has 1536.
    Raises DiarkitError where weights are missing or have other shapes.
    """
    found = {}
    for name, value in weights.items():
        name = re.sub(r"\b(conv\d?|norm)\.(conv|norm)\.", r"\1.", name)
        for there, here in (("asp_bn.norm.", "head.0."), ("fc.conv.", "head.1."), ("asp.", "pooling."), ("", "trunk.")):
            if name.startswith(there):
                name = here + name[len(there):]
                break
        found[name] = value.squeeze(-1) if name == "head.1.weight" else value
    channels, feats_dim, _ = weights[ECAPA_KEY].shape
    network = build("ecapa", feats_dim=feats_dim, channels=channels, merged=len(weights["mfa.conv.conv.weight"]),
                    padding="reflect")
    try:
        network.load_state_dict(found)
    except RuntimeError as error:  # torch lists every missing, unexpected and misshapen weight
        raise DiarkitError(f"not the public ECAPA-TDNN: {error}") from None
    return network.eval()
