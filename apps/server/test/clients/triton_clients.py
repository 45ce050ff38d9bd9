"""Triton's own clients against the service: the same calls over HTTP in JSON, over HTTP in binary, and over gRPC.

usage: triton_clients.py HTTP_ADDRESS GRPC_ADDRESS
Prints a line of JSON: what each way gave. The test compares them with each other and with the model.
"""

import json
import queue
import sys

import numpy as np
import tritonclient.grpc as grpcclient
import tritonclient.http as httpclient
from tritonclient.utils import InferenceServerException

MODEL = "lagged-sine"
X = np.sin(np.arange(6, dtype=np.float32) * 0.3).reshape(1, 6, 1)
ZEROS = np.zeros((1, 32), np.float32)


def tensor(module, name, values, **how):
    made = module.InferInput(name, list(values.shape), "FP32")
    made.set_data_from_numpy(values, **how)
    return made


def suite(module, client, sequence, how, want):
    """`how` goes with inputs, `want` with outputs; `sequence` is an id that nobody else uses."""
    result = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready() and client.is_model_ready(MODEL) and client.is_model_ready(MODEL, "1"),
    }
    outputs = [module.InferRequestedOutput(name, **want) for name in ("y", "state_out")]
    inputs = [tensor(module, "x", X, **how), tensor(module, "state_in", ZEROS, **how)]
    whole = client.infer(MODEL, inputs, outputs=outputs, request_id="whole")
    result["y"] = whole.as_numpy("y").ravel().tolist()
    result["state"] = whole.as_numpy("state_out").ravel().tolist()
    steps = []
    for index in range(X.shape[1]):
        answer = client.infer(
            MODEL,
            [tensor(module, "x", X[:, index : index + 1], **how)],
            outputs=[module.InferRequestedOutput("y", **want)],
            sequence_id=sequence,
            sequence_start=index == 0,
            sequence_end=index == X.shape[1] - 1,
        )
        steps.append(float(answer.as_numpy("y").ravel()[0]))
    result["steps"] = steps
    errors = []
    for call in (
        lambda: client.infer("nope", inputs),
        lambda: client.infer(MODEL, inputs[:1]),
        lambda: client.infer(MODEL, inputs[:1], sequence_id=sequence, sequence_start=False),
    ):
        try:
            call()
            errors.append("none")
        except InferenceServerException as error:
            errors.append(error.message())
    result["errors"] = errors
    return result


def over_http(address, binary, sequence):
    client = httpclient.InferenceServerClient(address, concurrency=4)
    how = {"binary_data": binary}
    result = suite(httpclient, client, sequence, how, how)
    result["metadata"] = client.get_model_metadata(MODEL)["inputs"]
    result["config"] = client.get_model_config(MODEL)["name"]
    result["server"] = client.get_server_metadata()["name"]
    count = client.get_inference_statistics(MODEL)["model_stats"][0]["inference_count"]
    inputs = [tensor(httpclient, "x", X, **how), tensor(httpclient, "state_in", ZEROS, **how)]
    waiting = [client.async_infer(MODEL, inputs) for _ in range(8)]
    result["together"] = [float(one.get_result().as_numpy("y").ravel()[-1]) for one in waiting]
    after = client.get_inference_statistics(MODEL)["model_stats"][0]["inference_count"]
    result["counted"] = after - count
    packed = [client.infer(MODEL, inputs, request_compression_algorithm=how) for how in ("gzip", "deflate")]
    result["packed"] = [float(one.as_numpy("y").ravel()[-1]) for one in packed]
    client.close()
    return result


def over_grpc(address, sequence):
    client = grpcclient.InferenceServerClient(address)
    result = suite(grpcclient, client, sequence, {}, {})
    metadata = client.get_model_metadata(MODEL, as_json=True)["inputs"]
    result["metadata"] = [{**one, "shape": [int(dim) for dim in one["shape"]]} for one in metadata]
    result["config"] = client.get_model_config(MODEL).config.name
    result["server"] = client.get_server_metadata().name
    count = client.get_inference_statistics(MODEL).model_stats[0].inference_count
    answers = queue.Queue()
    inputs = [tensor(grpcclient, "x", X), tensor(grpcclient, "state_in", ZEROS)]
    for _ in range(8):
        client.async_infer(MODEL, inputs, lambda result, error: answers.put(error or result))
    result["together"] = [float(answers.get(timeout=20).as_numpy("y").ravel()[-1]) for _ in range(8)]
    result["counted"] = client.get_inference_statistics(MODEL).model_stats[0].inference_count - count
    streamed = queue.Queue()
    client.start_stream(lambda result, error: streamed.put(error or result))
    for index in range(X.shape[1]):
        client.async_stream_infer(
            MODEL,
            [tensor(grpcclient, "x", X[:, index : index + 1])],
            sequence_id=f"{sequence}-stream",
            sequence_start=index == 0,
            sequence_end=index == X.shape[1] - 1,
        )
    result["stream"] = [
        float(streamed.get(timeout=20).as_numpy("y").ravel()[0]) for _ in range(X.shape[1])
    ]
    client.stop_stream()
    client.close()
    return result


http_address, grpc_address = sys.argv[1:]
print(
    json.dumps(
        {
            "json": over_http(http_address, False, 1001),
            "binary": over_http(http_address, True, 1002),
            "grpc": over_grpc(grpc_address, 1003),
        }
    )
)
