"""Our own fast default: a residual network of 2-D convolutions that mixes frequencies at the end.

Why it is built so, at a quarter of ResNet34's cost or less:
- It is ResNet34's kind, not a depthwise or 1-D one: 2-D residual networks tell speakers apart best per parameter (Wang
  et al. 2023, "WeSpeaker"; Liu et al. 2023, "Golden Gemini"), and dense 3 x 3 convolutions of 32 channels and more run
  near a processor's peak, which depthwise ones do not. The teacher it learns from is of the same kind.
- Both axes are halved at once, in the first convolution: everything behind it costs a quarter. What is saved goes into
  depth. The last stage of ResNet34, the most expensive per parameter's worth of accuracy, is left out.
- In its place stand mixing blocks at 12.5 frames a second. A 2-D convolution sees neighbouring frequencies alone; these
  see all at once (Thienpondt et al. 2021, "Integrating frequency translational invariance in TDNNs"), and at that rate
  half of all parameters cost a twentieth of the time.
- No layer looks at the whole window. An output frame every 8 feature frames depends on 215 around it (2.2 s), as
  ResNet34's on 225: what serves one pass of ResNet34 over a recording serves this network unchanged.
"""

from torch import nn
from torch.nn import functional as F

from diarkit.networks.layers import NormedConv1d
from diarkit.networks.resnet34 import ResNetTrunk

STAGES = ((32, 2, 1), (64, 3, 2), (128, 4, 2))  # channels, blocks, stride of the first block
INNER, MIXERS = 256, 2
FIELD_T = 215  # feature frames that an output frame depends on


class Mixer(nn.Module):
    """All channels at all frequencies to a few, three frames together, and back, around a shortcut."""

    def __init__(self, channels, inner):
        super().__init__()
        self.conv1 = NormedConv1d(channels, inner, 1)
        self.conv2 = NormedConv1d(inner, inner, 3, 1, 1)
        self.conv3 = NormedConv1d(inner, channels, 1)

    def forward(self, x):
        return F.relu(self.conv3(F.relu(self.conv2(F.relu(self.conv1(x))))) + x)


class SmallTrunk(ResNetTrunk):
    """(B, T, feats_dim) to (B, ceil(T / 8), 1280 of 80 mel bins)."""

    def __init__(self, feats_dim, stages=STAGES, inner=INNER, mixers=MIXERS):
        super().__init__(feats_dim, stages, first_stride=2)
        self.mixers = nn.Sequential(*(Mixer(self.channels, inner) for _ in range(mixers)))

    def frames(self, x):
        """Return (B, C, ceil(T / 8)) frame-level outputs of x (B, T, feats_dim)."""
        return self.mixers(super().frames(x))
