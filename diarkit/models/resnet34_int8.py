"""The trunk of ResNet34 in 8-bit integers, on processors that multiply them fast (AVX-512 VNNI).

Weights have one scale for each output channel, activations one for each layer, found once on real speech
(int8.scales beside the weights). What leaves a convolution is rectified, hence unsigned: its zero is 0. Features and
what leaves a shortcut have two signs: their zero is 128. Products of integers are summed exactly, so the number
of threads and the place of a block change no bit.
Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only inference".
"""

import torch

from diarkit.errors import DiarkitError
from diarkit.models.int8_scales import of_weights
from diarkit.models.resnet34 import ResNet34

MIDDLE = 128  # the zero of what has two signs
INPUT_CLIPPED = 1e-3  # share of the features: digital silence lies far below all speech, and would make steps coarse


def is_fast_here():
    """Tell whether this processor and this torch run the integer trunk fast."""
    return bool(getattr(torch.cpu, "_is_vnni_supported", bool)()) and hasattr(torch.ops.onednn, "qconv2d_pointwise")


class Conv:
    """One convolution, its weights packed for the kernel: uint8 in, uint8 out."""

    def __init__(self, conv, in_scale, out_scale, in_zero=0, out_zero=0):
        self.source, self.out_scale, self.out_zero = (float(in_scale), in_zero), float(out_scale), out_zero
        self.shape = list(conv.stride), list(conv.padding), [1, 1], 1
        self.scales = of_weights(conv.weight)
        self.zeros = torch.zeros(len(self.scales), dtype=torch.int64)
        weight = (conv.weight.detach() / self.scales[:, None, None, None]).round().to(torch.int8)
        self.weight = torch.ops.onednn.qconv_prepack(weight, self.scales, *self.source, *self.shape, None)
        self.bias = conv.bias.detach()

    def __call__(self, x, after="relu"):
        """Return the quantised convolution of x (B, C, H, T) uint8; after: `relu` or `none`."""
        return torch.ops.onednn.qconv2d_pointwise(
            x, *self.source, self.weight, self.scales, self.zeros, self.bias, *self.shape, self.out_scale,
            self.out_zero, torch.uint8, after, [], "")

    def add_relu(self, x, other, scale, zero):
        """Return relu(convolution + other); other, of that scale and zero, is written over."""
        return torch.ops.onednn.qconv2d_pointwise.binary(
            x, *self.source, self.weight, self.scales, self.zeros, other, self.bias, *self.shape, self.out_scale,
            0, torch.uint8, scale, zero, "sum", 1.0, "relu", [], "")


class Int8ResNet34:
    """A ResNet34 whose trunk runs in integers; pooling and the linear layer are the network's own."""

    def __init__(self, network, scales):
        """network: a ResNet34; scales: {layer name: scale} for the names of `layers(network)`."""
        missing = sorted({"input", *layers(network)} - set(scales))
        if missing:
            raise DiarkitError(f"no scale for {', '.join(missing[:3])} of a ResNet34")
        self.pool, self.project = network.pool, network.project
        self.scale, at = scales["input"], scales["conv1"]
        self.first, self.blocks = Conv(network.conv1, self.scale, at, in_zero=MIDDLE), []
        for number, block in enumerate(network.blocks):
            middle, out = scales[f"blocks.{number}.conv1"], scales[f"blocks.{number}"]
            shortcut = None
            if isinstance(block.shortcut, torch.nn.Conv2d):
                shortcut = Conv(block.shortcut, at, scales[f"blocks.{number}.shortcut"], out_zero=MIDDLE)
            self.blocks.append((Conv(block.conv1, at, middle), Conv(block.conv2, middle, out), shortcut, at))
            at = out
        self.last = at

    def __call__(self, x):
        return self.pool(self.frames(x))

    def frames(self, x):
        """Return (B, 2560, ceil(T / 8)) float32 frame-level outputs of x (B, T, 80) float32."""
        x = (x / self.scale).round_().add_(MIDDLE).clamp_(0, 255).to(torch.uint8)
        x = self.first(x.transpose(1, 2).unsqueeze(1).contiguous(memory_format=torch.channels_last))
        for conv1, conv2, shortcut, scale in self.blocks:
            inner = conv1(x)
            if shortcut is None:
                x = conv2.add_relu(inner, x, scale, 0)
            else:
                x = conv2.add_relu(inner, shortcut(x, "none"), shortcut.out_scale, MIDDLE)
        return x.flatten(1, 2).float() * self.last


def layers(network):
    """Return {name: module} of the layers whose outputs are quantised; what comes in is `input`."""
    assert isinstance(network, ResNet34)
    found = {"conv1": network.conv1}
    for number, block in enumerate(network.blocks):
        found[f"blocks.{number}.conv1"] = block.conv1
        if isinstance(block.shortcut, torch.nn.Conv2d):
            found[f"blocks.{number}.shortcut"] = block.shortcut
        found[f"blocks.{number}"] = block
    return found


def calibrate(network, batches, clipped=1e-5):
    """Return {layer name: scale} so that all but the `clipped` share of each layer's outputs fit into 8 bits.

    Of the input INPUT_CLIPPED may be too large, or more where `clipped` is more.
    batches: iterable of (B, T, 80) float32 tensors of mean-normalised features.
    """
    found, hooks = {}, []
    for name, module in layers(network).items():
        hooks.append(module.register_forward_hook(lambda _, __, y, name=name: _keep(found, name, y)))
    try:
        with torch.inference_mode():
            for x in batches:
                _keep(found, "input", x)
                network.frames(x)
    finally:
        for hook in hooks:
            hook.remove()
    shares = {"input": max(clipped, INPUT_CLIPPED)}
    return {name: _high(torch.cat(values), shares.get(name, clipped)) / _top(name) for name, values in found.items()}


def _keep(found, name, y):
    """Keep the largest of every eight values, of which there are enough to find the highest of all."""
    y = (y.abs() if _signed(name) else y.relu()).flatten()
    found.setdefault(name, []).append(y[:len(y) // 8 * 8].view(8, -1).amax(0))


def _high(values, clipped):
    return float(values.kthvalue(max(len(values) - round(len(values) * 8 * clipped), 1)).values)


def _signed(name):
    return name == "input" or name.endswith("shortcut")


def _top(name):
    return 127 if _signed(name) else 255
