"""CAFA's artefacts: files that a worker writes and the API serves, both in settings.ARTIFACTS of their own container."""

import io
import json
import zipfile

from protea import settings


def write(result_id: str, metrics: dict) -> None:
    folder = settings.ARTIFACTS / result_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evaluation_best_f.json").write_text(json.dumps(metrics))


def zipped(result_id: str) -> bytes | None:
    """The artefacts of a result; None when this container sees none."""
    folder = settings.ARTIFACTS / result_id
    if not folder.is_dir():
        return None
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return buffer.getvalue()
