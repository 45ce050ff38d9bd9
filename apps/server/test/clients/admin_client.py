"""Triton's own client against the admin's port: what lies there, loading and taking away.

usage: admin_client.py ADMIN_ADDRESS HTTP_ADDRESS
Prints a line of JSON: what the index said at each turn.
"""

import json
import sys

import tritonclient.http as httpclient
from tritonclient.utils import InferenceServerException

admin_address, http_address = sys.argv[1:]
admin = httpclient.InferenceServerClient(admin_address)
client = httpclient.InferenceServerClient(http_address)
MODEL = "lagged-sine"


def states():
    return [model["state"] for model in admin.get_model_repository_index()]


seen = [states()]
admin.unload_model(MODEL)
seen.append([*states(), client.is_model_ready(MODEL)])
admin.load_model(MODEL)
seen.append([*states(), client.is_model_ready(MODEL)])
try:
    admin.load_model("nope")
    seen.append("none")
except InferenceServerException as error:
    seen.append(error.message())
print(json.dumps(seen))
