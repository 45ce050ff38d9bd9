"""Triton's own clients against the admin's ports: what lies there, loading and taking away.

usage: admin_client.py http|grpc ADMIN_ADDRESS HTTP_ADDRESS
Prints a line of JSON: what the index said at each turn, and what was refused.
"""

import json
import sys

import tritonclient.grpc as grpcclient
import tritonclient.http as httpclient
from tritonclient.utils import InferenceServerException

way, admin_address, http_address = sys.argv[1:]
over_grpc = way == "grpc"
admin = (grpcclient if over_grpc else httpclient).InferenceServerClient(admin_address)
client = httpclient.InferenceServerClient(http_address)
MODEL = "lagged-sine"


def states():
    if over_grpc:
        return [model.state for model in admin.get_model_repository_index().models]
    return [model["state"] for model in admin.get_model_repository_index()]


seen = [states()]
admin.unload_model(MODEL)
seen.append([*states(), client.is_model_ready(MODEL)])
admin.load_model(MODEL)
seen.append([*states(), client.is_model_ready(MODEL)])
for how in ({"model_name": "nope"}, {"model_name": MODEL, "config": "{}", "files": {"file:1/model.onnx": b"no"}}):
    try:
        admin.load_model(**how)
        seen.append("none")
    except InferenceServerException as error:
        seen.append(error.message())
print(json.dumps(seen))
