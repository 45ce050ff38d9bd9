"""Holds the files of deploy/ against the schemas of the tools that read them; a line for each file, exit code 1 for a bad one.

Kubernetes: kubernetes-validate's strict JSON schemas. KServe: the models of its own Python package, by looking every key up
in them, down to those of Kubernetes. Compose: compose-spec. Dockerfile: hadolint.
"""
import importlib
import json
import pathlib
import re
import subprocess
import sys
import types

import kubernetes_validate
import yaml
from compose_spec import PyCompose

deploy = pathlib.Path(sys.argv[1])
site = pathlib.Path(yaml.__file__).parent.parent
bad = 0


def say(name, problem):
    global bad
    bad += problem is not None
    print(f"{name}: {problem or 'ok'}")


PLAIN = ("str", "int", "bool", "float", "datetime", "IntOrString")


def stub_packages():
    # They start with clients, web servers and all that those need; their models need none of it.
    for name in ("kubernetes", "kubernetes.client", "kserve", "kserve.models"):
        module = types.ModuleType(name)
        module.__path__ = [str(site.joinpath(*name.split(".")))]
        sys.modules[name] = module


def model_class(name):
    models = importlib.import_module("kubernetes.client.models")
    if hasattr(models, name):
        return getattr(models, name)
    stem = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    return getattr(importlib.import_module(f"kserve.models.{stem}"), name)


def unknown(value, kind, path=""):
    """The first path of `value` that the model type `kind` (openapi's notation) does not know, or None."""
    if kind.lower().startswith("list["):
        found = (unknown(item, kind[5:-1], f"{path}[{at}]") for at, item in enumerate(value))
        return next((path for path in found if path), None)
    if kind.lower().startswith(("dict(", "dict[", "object")) or kind in PLAIN:
        return None
    model = model_class(kind)
    names = {json: python for python, json in model.attribute_map.items()}
    if not isinstance(value, dict):
        return path
    for key, item in value.items():
        if key not in names:
            return f"{path}.{key}"
        found = unknown(item, model.openapi_types[names[key]], f"{path}.{key}")
        if found:
            return found
    return None


def kserve_problem(document):
    version = document["apiVersion"].rpartition("/")[2].capitalize()
    path = unknown(document, version + document["kind"])
    return path and f"{path}: KServe does not know it"


def kubernetes_problem(document):
    try:
        kubernetes_validate.validate(document, "1.33", strict=True)
        return None
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return str(error).splitlines()[0]


stub_packages()
for file in sorted(deploy.glob("k*/*.yaml")):
    for document in yaml.safe_load_all(file.read_text()):
        is_kserve = document["apiVersion"].startswith("serving.kserve.io/")
        problem = kserve_problem(document) if is_kserve else kubernetes_problem(document)
        say(f"{file.relative_to(deploy)} {document['kind']} {document['metadata']['name']}", problem)


def compose_problem(file):
    try:
        PyCompose.from_json(json.dumps(yaml.safe_load(file.read_text()))).validate()
        return None
    except Exception as error:  # its errors have no type of their own
        return str(error)


say("compose.yaml", compose_problem(deploy / "compose.yaml"))

hadolint = subprocess.run(
    [site / "bin" / "hadolint", "--no-color", deploy / "Dockerfile"], capture_output=True, text=True, check=False
)
say("Dockerfile", (hadolint.stdout + hadolint.stderr).strip() or None)
sys.exit(bad > 0)
