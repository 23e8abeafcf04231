"""ResNet34 of WeSpeaker for training: the trunk of diarkit.models.resnet34 with its batch normalisations."""

from diarkit.errors import DiarkitError
from diarkit.models import resnet34
from diarkit.networks.layers import NormedConv2d, fold
from diarkit.networks.pooling import Statistics


class ResNetTrunk(resnet34.Trunk):
    """(B, T, feats_dim) to (B, ceil(T / 8), 256 times what is left of feats_dim).

    stages, first_stride: as diarkit.models.resnet34.Trunk has them; `stride` and `field_t` follow from them.
    """

    def __init__(self, feats_dim, stages=resnet34.STAGES, first_stride=1):
        super().__init__(stages, NormedConv2d, first_stride)
        frequency, step = _both(first_stride)
        left, field = -(-feats_dim // frequency), 3
        for _, depth, stride, *_ in stages:
            frequency, time = _both(stride)
            field += 2 * step + 2 * step * time * (2 * depth - 1)  # the first convolution still has the old step
            left, step = -(-left // frequency), step * time
        self.channels, self.stride, self.field_t = stages[-1][0] * left, step, field

    def forward(self, feats):
        return self.frames(feats).transpose(1, 2)


def _both(stride):
    """Return a stride as (frequency, time)."""
    return (stride, stride) if isinstance(stride, int) else stride


def to_public(network):
    """Return diarkit.models.resnet34.ResNet34 with the weights of a trained SpeakerNetwork of this trunk."""
    public = resnet34.ResNet34().eval()
    if type(network.trunk) is not ResNetTrunk or not isinstance(network.pooling, Statistics):
        raise DiarkitError(f"{network.config}: not a ResNet34 of the public form")
    folded = fold(network)
    state = folded.trunk.state_dict() | {f"linear.{k}": v for k, v in folded.head.state_dict().items()}
    try:
        public.load_state_dict(state | {"mean": public.mean})
    except RuntimeError as error:  # another dimension or width of the features
        raise DiarkitError(f"{network.config}: not a ResNet34 of the public form: {error}") from None
    return public
