"""A small real ONNX network for tests, written byte by byte: y = mean over time of (x + shift)."""

import numpy as np


def varint(n):
    """Return n as a protobuf varint."""
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def text(number, content):
    """Return a length-delimited field of bytes or a string."""
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(field, value):
    """Return a varint field."""
    return varint(field << 3) + varint(value)


def put(name, *shape):
    """Return a ValueInfoProto of float32 with named or numbered axes."""
    axes = b"".join(text(1, number(1, n) if isinstance(n, int) else text(2, n)) for n in shape)
    return text(1, name) + text(2, text(1, number(1, 1) + text(2, axes)))


def mean_network(mels=80):
    """Return the bytes of a network (B, T, mels) -> (B, mels), and the weights it adds before it takes the mean."""
    shift = np.linspace(-1, 1, mels).astype("<f4")
    tensor = number(1, mels) + number(2, 1) + text(8, "shift") + text(9, shift.tobytes())
    add = text(1, "x") + text(1, "shift") + text(2, "moved") + text(4, "Add")
    axes = text(1, "axes") + number(8, 1) + number(20, 7)
    keep = text(1, "keepdims") + number(3, 0) + number(20, 2)
    mean = text(1, "moved") + text(2, "y") + text(4, "ReduceMean") + text(5, axes) + text(5, keep)
    graph = (text(1, add) + text(1, mean) + text(2, "test") + text(5, tensor) + text(11, put("x", "B", "T", mels))
             + text(12, put("y", "B", mels)))
    return number(1, 8) + text(7, graph) + text(8, number(2, 13)), shift
