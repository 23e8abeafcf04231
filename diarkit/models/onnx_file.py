"""Read the weights of an ONNX file, and give it one more output, without the onnx package.

An ONNX file is a protobuf message; the field numbers are those of onnx.proto (ModelProto.graph = 7,
GraphProto.initializer = 5, GraphProto.output = 12, ValueInfoProto.name = 1, TensorProto dims = 1, data_type = 2,
float_data = 4, name = 8, raw_data = 9). Only what float weights need is understood.
"""

import numpy as np

from diarkit.errors import DiarkitError

GRAPH, INITIALISER, OUTPUT = 7, 5, 12
DIMS, DATA_TYPE, NAME, RAW_DATA = 1, 2, 8, 9
FLOATS = {1: "<f4", 10: "<f2"}  # data types


def initialisers(data):
    """Return {name: float32 array} of an ONNX model's float weights, in file order. data: the file's bytes."""
    try:
        found = {}
        for graph in _values(memoryview(data), GRAPH):
            for tensor in _values(graph, INITIALISER):
                kinds = _values(tensor, DATA_TYPE)
                if kinds and kinds[0] in FLOATS and _values(tensor, RAW_DATA):
                    name, array = _tensor(tensor, FLOATS[kinds[0]])
                    found[name] = array
        return found
    except (IndexError, KeyError, ValueError) as error:
        raise DiarkitError(f"not a readable ONNX file: {error}") from None


def with_output(data, name):
    """Return the bytes of the same model with the inner value `name` as a further output.

    Protobuf merges a message that stands twice, so one more graph that holds nothing but the output is appended.
    """
    value = field(1, name.encode())
    return data + field(GRAPH, field(OUTPUT, value))


def _tensor(tensor, kind):
    shape = [n for value in _values(tensor, DIMS) for n in ([value] if isinstance(value, int) else _packed(value))]
    array = np.frombuffer(_values(tensor, RAW_DATA)[0], kind).reshape(shape).astype(np.float32, copy=False)
    return bytes(_values(tensor, NAME)[0]).decode(), array


def _values(message, wanted):
    """Return all values of one field of a protobuf message."""
    return [value for number, value in _fields(message) if number == wanted]


def _fields(message):
    """Yield (field number, value) of a protobuf message; an int for a varint, else a memoryview."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
        else:
            size, at = _varint(message, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            if at + size > len(message):
                raise ValueError("it ends in the middle of a value")
            value, at = message[at:at + size], at + size
        yield key >> 3, value


def _varint(message, at):
    value = shift = 0
    while True:
        byte = message[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at


def _packed(values):
    at, found = 0, []
    while at < len(values):
        value, at = _varint(values, at)
        found.append(value)
    return found


def field(number, content):
    """Return one length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value):
    """Return a number as a protobuf varint."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])
