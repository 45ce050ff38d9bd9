"""The Python converters of `npm run bench -- export` inside a running process.

{"do": "convert", "route": "graph" | "keras", "model": model.json, "folder": output folder} -> {"seconds": ..., "file": ...}.
Both programs run as on the command line: tensorflowjs_converter, then tf2onnx.convert.
"""

import os
import shutil
import sys
import time

# First: it moves stdout out of the way of what TensorFlow prints.
from answer import answer_lines

import tensorflow
import tensorflowjs.converters.converter as converter
import tf2onnx
import tf2onnx.convert

ROUTES = {"graph": ("tfjs_graph_model", "graph", "--tfjs", "graph/model.json"), "keras": ("keras", "model.h5", "--keras", "model.h5")}
OPSET = "17"


def run_tf2onnx(args):
    before = sys.argv
    sys.argv = ["tf2onnx", *args]
    try:
        tf2onnx.convert.main()
    finally:
        sys.argv = before


def hello(_request):
    return {"version": f"tensorflow {tensorflow.__version__}, tensorflowjs {converter.version.version}, tf2onnx {tf2onnx.__version__}"}


def convert(request):
    output_format, output, flag, source = ROUTES[request["route"]]
    folder = request["folder"]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    file = os.path.join(folder, "model.onnx")
    started = time.perf_counter()
    converter.convert(["--input_format", "tfjs_layers_model", "--output_format", output_format, request["model"], os.path.join(folder, output)])
    run_tf2onnx([flag, os.path.join(folder, source), "--output", file, "--opset", OPSET])
    return {"seconds": time.perf_counter() - started, "file": file}


answer_lines({"hello": hello, "convert": convert})
