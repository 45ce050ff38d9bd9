"""Runs an ONNX file with Python's ONNX Runtime. Usage: run_model.py MODEL.onnx FEEDS.json -> outputs as JSON on stdout.

FEEDS.json: {name: {"type": "float32" | "int64", "dims": [...], "data": [...]}}. The file goes through onnx.checker (full_check) first.
"""
import json
import sys

import numpy as np
import onnx
import onnxruntime as ort

model, feeds = sys.argv[1:]
onnx.checker.check_model(onnx.load(model), full_check=True)
session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
named = {
    name: np.array(tensor["data"], dtype=tensor["type"]).reshape(tensor["dims"])
    for name, tensor in json.load(open(feeds)).items()
}
names = [output.name for output in session.get_outputs()]
results = session.run(names, named)
json.dump({name: {"dims": list(value.shape), "data": value.ravel().tolist()} for name, value in zip(names, results)}, sys.stdout)
