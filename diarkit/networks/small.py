"""Our own small network: ResNet34 with half of the channels inside its blocks, learnt from ResNet34 itself.

Why it is built so:
- What flows between blocks is as wide as the teacher's at every depth. So each stage has a stage of the teacher to
  follow, number by number (Romero et al. 2015, "FitNets", without the regressors), and the embeddings come out in the
  teacher's own space.
- What is left out lies inside the blocks: half of the channels between the two convolutions (as in Li et al. 2017,
  "Pruning filters for efficient ConvNets", section 3.3), half of the products. Least squares fit the rest to the
  teacher (diarkit.networks.shrink), which brings it nearer than an hour of training without them.
- No layer looks at the whole window: what serves one pass of ResNet34 over a recording serves this network unchanged.
- 4.0 million weights are 8.0 MB in 16-bit floats; in 8-bit integers the trunk costs a sixth of ResNet34's in floats.
"""

from diarkit.models.resnet34_form import SMALL
from diarkit.networks.resnet34 import ResNetTrunk


class SmallTrunk(ResNetTrunk):
    """(B, T, feats_dim) to (B, ceil(T / 8), 2560 of 80 mel bins)."""

    def __init__(self, feats_dim, stages=SMALL):
        super().__init__(feats_dim, stages)
