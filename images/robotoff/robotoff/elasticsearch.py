"""The search index `logo`: upstream keeps the vectors of logos in it, the miniature one document for each insight."""

import logging
from urllib.parse import quote

from robotoff.http import HTTPError, elasticsearch
from robotoff.settings import ELASTIC_INDEX

logger = logging.getLogger(__name__)

# One node only: a replica could never be placed, and the index would stay yellow.
_INDEX = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0},
    "mappings": {
        "properties": {
            "barcode": {"type": "keyword"},
            "server_type": {"type": "keyword"},
            "type": {"type": "keyword"},
            "value": {"type": "text"},
            "confidence": {"type": "float"},
        }
    },
}


def create_index() -> None:
    """`init-elasticsearch`: create the index unless it is there."""
    try:
        # Upstream's client gives 10 seconds; a new server, among forty containers that start on two cores, takes longer for its first index.
        elasticsearch("PUT", f"/{ELASTIC_INDEX}", _INDEX, timeout_seconds=60)
        logger.info("created index %s", ELASTIC_INDEX)
    except HTTPError as error:
        # As an index, or as an alias of one that a restore has made: upstream asks whether there is either.
        if "already exists" not in str(error):
            raise
        logger.info("index %s is there", ELASTIC_INDEX)


def index_insight(insight_id: str, document: dict) -> None:
    """Write one insight, findable at once. (An index that is not there would get a mapping that Elasticsearch makes up.)"""
    elasticsearch("GET", f"/{ELASTIC_INDEX}")
    elasticsearch("PUT", f"/{ELASTIC_INDEX}/_doc/{quote(insight_id)}?refresh=true", document)


def delete_insights(barcode: str) -> None:
    for hit in search(barcode):
        elasticsearch("DELETE", f"/{ELASTIC_INDEX}/_doc/{quote(hit['id'])}?refresh=true")


def search(text: str, limit: int = 25) -> list[dict]:
    """Insights whose barcode is the text or whose value contains one of its words, best first."""
    query = {"bool": {"should": [{"term": {"barcode": text}}, {"match": {"value": text}}]}}
    answer = elasticsearch("POST", f"/{ELASTIC_INDEX}/_search", {"size": limit, "query": query})
    return [{"id": hit["_id"], "score": hit["_score"], **hit["_source"]} for hit in answer["hits"]["hits"]]
