"""Runs generators in Python's ONNX Runtime: `check_generators.py FOLDER TOLERANCE`, over every NAME.onnx with its NAME.json."""

import glob
import json
import sys

import numpy
import onnx
import onnxruntime

TYPES = {"float32": "f4", "int64": "i8"}


def tensor(value):
    return numpy.array(value["data"], dtype=TYPES[value["type"]]).reshape(value["dims"])


def main(folder, tolerance):
    files = sorted(glob.glob(f"{folder}/*.onnx"))
    for file in files:
        onnx.checker.check_model(onnx.load(file), full_check=True)
        with open(file.removesuffix("onnx") + "json", encoding="utf-8") as text:
            run = json.load(text)
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        feeds = {name: tensor(value) for name, value in run["feeds"].items()}
        names = list(run["expected"])
        for name, actual in zip(names, session.run(names, feeds)):
            expected = tensor(run["expected"][name])
            same = actual.shape == expected.shape and numpy.abs(actual - expected).max(initial=0) <= tolerance
            if not same:
                print(f"{file}: {name}: other values than in Node")
    print(f"{len(files)} generators")


main(sys.argv[1], float(sys.argv[2]))
