"""Write an ONNX file, without the onnx package.

An ONNX file is a protobuf message; the field numbers are those of onnx.proto: ModelProto ir_version 1, producer 2,
graph 7, opset 8 (domain 1, version 2); GraphProto node 1, name 2, initializer 5, input 11, output 12; NodeProto
input 1, output 2, op_type 4, attribute 5, domain 7; AttributeProto name 1, f 2, i 3, s 4, floats 7, ints 8, type 20;
TensorProto dims 1, data_type 2, name 8, raw_data 9.
"""

import struct

import numpy as np

from diarkit.models.onnx_file import field, varint

OPSET, IR_VERSION = 13, 8
FLOAT = 1
TENSOR_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "float16": 10}
ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_STRING, ATTRIBUTE_INTS = 1, 2, 3, 7
MICROSOFT = "com.microsoft"  # the domain of operations that ONNX Runtime has beyond the standard


class Graph:
    """A graph in the making: `weight` and `node` return the names of the values they make."""

    def __init__(self):
        self.nodes, self.weights, self.count = [], [], 0

    def weight(self, array):
        """Add a constant of one of TENSOR_TYPES."""
        array, name = np.asarray(array), self._name("w")
        dims = b"".join(_number(1, n) for n in array.shape)
        kind = _number(2, TENSOR_TYPES[str(array.dtype)])
        raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        self.weights.append(field(5, dims + kind + field(8, name.encode()) + field(9, raw)))
        return name

    def node(self, op, *inputs, outputs=1, name=None, domain="", **attributes):
        """Add an operation; attributes are an int, a float, a word or a list of ints. Returns a name, or several."""
        names = [name] if name else [self._name(op.lower()) for _ in range(outputs)]
        body = b"".join(field(1, i.encode()) for i in inputs) + b"".join(field(2, n.encode()) for n in names)
        body += field(4, op.encode()) + b"".join(field(5, _attribute(k, v)) for k, v in attributes.items())
        body += field(7, domain.encode()) if domain else b""
        self.nodes.append(field(1, body))
        return names if outputs > 1 else names[0]

    def model(self, inputs, outputs):
        """Return the file's bytes; inputs, outputs: {name: shape}, an axis is a number or a name."""
        graph = b"".join(self.nodes) + field(2, b"diarkit") + b"".join(self.weights)
        graph += b"".join(field(11, _value(*item)) for item in inputs.items())
        graph += b"".join(field(12, _value(*item)) for item in outputs.items())
        return (_number(1, IR_VERSION) + field(2, b"diarkit") + field(7, graph)
                + field(8, field(1, b"") + _number(2, OPSET)) + field(8, field(1, MICROSOFT.encode()) + _number(2, 1)))

    def _name(self, stem):
        self.count += 1
        return f"{stem}_{self.count}"


def _number(place, value):
    return varint(place << 3) + varint(value if value >= 0 else value + (1 << 64))


def _attribute(name, value):
    if isinstance(value, float):
        content, kind = varint(2 << 3 | 5) + struct.pack("<f", value), ATTRIBUTE_FLOAT
    elif isinstance(value, str):
        content, kind = field(4, value.encode()), ATTRIBUTE_STRING
    elif isinstance(value, int):
        content, kind = _number(3, value), ATTRIBUTE_INT
    else:
        content, kind = b"".join(_number(8, n) for n in value), ATTRIBUTE_INTS
    return field(1, name.encode()) + content + _number(20, kind)


def _value(name, shape):
    axes = b"".join(field(1, _number(1, n) if isinstance(n, int) else field(2, n.encode())) for n in shape)
    return field(1, name.encode()) + field(2, field(1, _number(1, FLOAT) + field(2, axes)))
