"""The Python roads of `npm run bench -- export`, inside a running process: answers lines of JSON on stdin with lines of JSON on stdout.

{"do": "convert", "road": "graph" | "keras", "model": model.json, "folder": where files go} -> {"seconds": ..., "file": ...}.
Both programs run as their command lines would: tensorflowjs_converter, then tf2onnx.convert.
"""

import json
import os
import shutil
import sys
import time

answers_go_to = sys.stdout
# Whatever else prints must not come between the answers.
sys.stdout = sys.stderr

import tensorflow  # noqa: E402
import tensorflowjs.converters.converter as converter  # noqa: E402
import tf2onnx  # noqa: E402
import tf2onnx.convert  # noqa: E402

ROADS = {"graph": ("tfjs_graph_model", "graph", "--tfjs", "graph/model.json"), "keras": ("keras", "model.h5", "--keras", "model.h5")}
OPSET = "17"


def run_tf2onnx(args):
    before = sys.argv
    sys.argv = ["tf2onnx", *args]
    try:
        tf2onnx.convert.main()
    finally:
        sys.argv = before


def hello(_question):
    return {"version": f"tensorflow {tensorflow.__version__}, tensorflowjs {converter.version.version}, tf2onnx {tf2onnx.__version__}"}


def convert(question):
    output_format, output, flag, given = ROADS[question["road"]]
    folder = question["folder"]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    file = os.path.join(folder, "model.onnx")
    started = time.perf_counter()
    converter.convert(["--input_format", "tfjs_layers_model", "--output_format", output_format, question["model"], os.path.join(folder, output)])
    run_tf2onnx([flag, os.path.join(folder, given), "--output", file, "--opset", OPSET])
    return {"seconds": time.perf_counter() - started, "file": file}


for line in sys.stdin:
    asked = json.loads(line)
    try:
        reply = {"ok": {"hello": hello, "convert": convert}[asked["do"]](asked)}
    except (Exception, SystemExit) as error:
        reply = {"error": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"}
    print(json.dumps(reply), file=answers_go_to, flush=True)
