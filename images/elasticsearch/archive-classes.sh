#!/usr/bin/env bash
# One start, one document, one search and one stop, while the image is built: at its end the JVM writes down the classes that it
# loaded, and later starts map them instead of reading and checking them again.
set -euo pipefail
env discovery.type=single-node path.data=/tmp/data docker-entrypoint.sh eswrapper > /tmp/log 2>&1 &
server=$!
http=(curl --fail --silent --show-error --max-time 20 --header 'Content-Type: application/json')
for _ in $(seq 300); do
  if curl --silent --output /dev/null http://127.0.0.1:9200/; then break; fi
  if ! kill -0 $server; then cat /tmp/log; exit 1; fi
  sleep 0.2
done
"${http[@]}" --request PUT 'http://127.0.0.1:9200/warm/_doc/1?refresh=true' --data '{"text":"a","number":1}'
"${http[@]}" 'http://127.0.0.1:9200/warm/_search' --data '{"query":{"match":{"text":"a"}}}'
kill $server
wait $server || true # 143, as always after a SIGTERM
ls -l /opt/classes/elasticsearch.jsa
rm -rf /tmp/data /tmp/log
