"""python - METHOD PATH, inside the api container: asks PROTEA's API and prints its answer, or says why there is none.

The image has Python and no curl; the published port may be on the host's loopback only, or on none."""

import json
import sys
import urllib.error
import urllib.request

method, path = sys.argv[1:]
request = urllib.request.Request(f"http://127.0.0.1:8000{path}", method=method)
# Whatever proxy the container's environment names is for the world outside.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    with opener.open(request, timeout=30) as answer:
        print(answer.read().decode())
except urllib.error.HTTPError as error:
    text = error.read().decode(errors="replace")
    try:
        text = json.loads(text)["detail"]
    except (ValueError, LookupError, TypeError):
        pass
    sys.exit(f"PROTEA's API answered {method} {path} with {error.code}: {text}")
except OSError as error:
    sys.exit(f"PROTEA's API does not answer {method} {path}: {error}")
