"""Writes ONNX's node tests as a model repository, with their inputs and expected outputs.

    python onnx_node_cases.py FOLDER MAX_OPSET

A case is written if its tensors have types of the protocol, its operator sets are at most MAX_OPSET, and Python's ONNX Runtime computes the
expected outputs. Prints the counts as JSON.
"""

import base64
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

FOLDER, MAX_OPSET = Path(sys.argv[1]), int(sys.argv[2])

DATATYPES = {
    "bool": "BOOL",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
    "object": "BYTES",
}

options = onnxruntime.SessionOptions()
options.log_severity_level = 4
options.intra_op_num_threads = 1


def array(value):
    if isinstance(value, TensorProto):
        value = numpy_helper.to_array(value)
    if not isinstance(value, (np.ndarray, np.generic)):
        raise TypeError("not a tensor")
    value = np.asarray(value)
    return value.astype(object) if value.dtype.kind in "US" else value


def texts(value):
    return [item.decode() if isinstance(item, bytes) else str(item) for item in value.reshape(-1)]


def document(name, value):
    datatype = DATATYPES[value.dtype.name]
    if datatype == "BYTES":
        raw = b"".join(len(text.encode()).to_bytes(4, "little") + text.encode() for text in texts(value))
    else:
        raw = np.ascontiguousarray(value).tobytes()
    return {
        "name": name,
        "datatype": datatype,
        "shape": list(value.shape),
        "data": base64.b64encode(raw).decode(),
    }


def close(got, wanted, rtol, atol):
    if got.dtype != wanted.dtype or got.shape != wanted.shape:
        return False
    if wanted.dtype.name == "object":
        return texts(got) == texts(wanted)
    return np.allclose(got.astype(np.float64), wanted.astype(np.float64), rtol, atol, equal_nan=True)


counts = {"cases": 0, "foreign types": 0, "newer operator sets": 0, "not run by Python": 0, "other values in Python": 0, "written": 0}
for case in collect_testcases(None):
    counts["cases"] += 1
    model = case.model
    kinds = [value.type.WhichOneof("value") for value in [*model.graph.input, *model.graph.output]]
    try:
        if any(kind != "tensor_type" for kind in kinds):
            raise TypeError("not a tensor")
        names = [value.name for value in model.graph.input]
        outputs = [value.name for value in model.graph.output]
        given, wanted = case.data_sets[0]
        given = [array(value) for value in given]
        wanted = [array(value) for value in wanted]
        inputs_text = [document(name, value) for name, value in zip(names, given)]
        outputs_text = [document(name, value) for name, value in zip(outputs, wanted)]
    except (TypeError, KeyError, AttributeError):
        counts["foreign types"] += 1
        continue
    if any(opset.domain in ("", "ai.onnx") and opset.version > MAX_OPSET for opset in model.opset_import):
        counts["newer operator sets"] += 1
        continue
    model.ir_version = min(model.ir_version, 10)
    file = model.SerializeToString()
    try:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        got = session.run(outputs, dict(zip(names, given)))
    except Exception:
        counts["not run by Python"] += 1
        continue
    if not all(close(array(g), w, case.rtol, case.atol) for g, w in zip(got, wanted)):
        counts["other values in Python"] += 1
        continue
    place = FOLDER / case.name / "1"
    place.mkdir(parents=True)
    (place / "model.onnx").write_bytes(file)
    (FOLDER / case.name / "case.json").write_text(
        json.dumps({"inputs": inputs_text, "outputs": outputs_text, "rtol": case.rtol, "atol": case.atol})
    )
    counts["written"] += 1
print(json.dumps(counts))
