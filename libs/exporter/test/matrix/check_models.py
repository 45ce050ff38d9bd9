"""Checks a folder of ONNX files with tools of other make. Usage: check_models.py FOLDER TOLERANCE  -> a line a problem, then a count; exit 0/1.

Beside each NAME.onnx lies NAME.json: a list of {"feeds", "expected"}, each {name: {"dims": [...], "data": [...]}}, all float32. Every file
goes through onnx.checker (full_check) and Python's ONNX Runtime; differences are relative to the largest value expected, at least 1.
"""
import glob
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime as ort

folder, tolerance = sys.argv[1], float(sys.argv[2])
options = ort.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3


def tensors(named):
    return {name: np.array(t["data"], np.float32).reshape(t["dims"]) for name, t in named.items()}


problems = runs = 0
worst = 0.0
files = sorted(glob.glob(os.path.join(glob.escape(folder), "*.onnx")))
for file in files:
    try:
        onnx.checker.check_model(onnx.load(file), full_check=True)
        session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        with open(file[: -len("onnx")] + "json", encoding="utf-8") as text:
            cases = json.load(text)
        for case in cases:
            expected = tensors(case["expected"])
            for (name, value), actual in zip(expected.items(), session.run(list(expected), tensors(case["feeds"]))):
                if actual.shape != value.shape:
                    raise ValueError(f'output "{name}": expected shape {value.shape}, got {actual.shape}')
                difference = np.abs(actual - value).max() / max(1, np.abs(value).max())
                if not difference <= tolerance:
                    raise ValueError(f'output "{name}": expected a difference of at most {tolerance}, got {difference}')
                worst = max(worst, float(difference))
            runs += 1
    except Exception as error:
        problems += 1
        print(f"{os.path.basename(file)}: {error}")
print(f"{len(files)} models, {runs} runs, {problems} problems, worst difference {worst:.1e}")
sys.exit(1 if problems or not files else 0)
