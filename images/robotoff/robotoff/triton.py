"""A prediction by Triton, over the v2 (KServe) HTTP protocol."""

import hashlib
import math

from robotoff import settings
from robotoff.http import triton

_INTEGERS = {"INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"}


def predict(image_url: str) -> dict:
    """Run the model on numbers drawn from the image's address (the miniature downloads no image)."""
    model = settings.TRITON_MODEL or _first_ready_model()
    metadata = triton("GET", f"/v2/models/{model}")
    inputs = [_tensor(spec, image_url) for spec in metadata["inputs"]]
    answer = triton("POST", f"/v2/models/{model}/infer", {"inputs": inputs})
    by_kind = {output["datatype"] == "BYTES": output["data"] for output in answer["outputs"]}
    return {
        "model_name": answer["model_name"],
        "model_version": str(answer.get("model_version", "1")),
        "numbers": by_kind.get(False, [])[:16],
        "label": by_kind.get(True, ["unlabelled"])[0],
    }


def _first_ready_model() -> str:
    ready = [m["name"] for m in triton("POST", "/v2/repository/index", {"ready": True}) if m.get("state") == "READY"]
    if not ready:
        raise LookupError(f"Triton at {settings.TRITON_HTTP_URI} has no model that is ready")
    return sorted(ready)[0]


def _tensor(spec: dict, seed: str) -> dict:
    """An input of the shape and type the model asks for (its free dimensions are 1), always the same for a seed."""
    shape = [max(1, int(size)) for size in spec["shape"]]
    digest = hashlib.sha256(seed.encode()).digest()
    numbers = [digest[i % len(digest)] for i in range(math.prod(shape))]
    if spec["datatype"] == "BYTES":
        data: list = [seed] * len(numbers)
    elif spec["datatype"] == "BOOL":
        data = [n > 127 for n in numbers]
    elif spec["datatype"] in _INTEGERS:
        data = [n % 128 for n in numbers]
    else:
        data = [n / 255 for n in numbers]
    return {"name": spec["name"], "shape": shape, "datatype": spec["datatype"], "data": data}
