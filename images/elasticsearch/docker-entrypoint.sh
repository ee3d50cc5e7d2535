#!/usr/bin/env bash
# Elasticsearch by the contract of the official image: environment variables are settings, ES_JAVA_OPTS sizes the heap.
set -euo pipefail
if [ "$1" != eswrapper ]; then exec "$@"; fi
umask 0002

# Elasticsearch's own options for a JVM, with the collector that takes the least memory for a heap of this size.
# ES_JAVA_OPTS comes last, and wins. The quick compiler alone and the archive of loaded classes, which archive-classes.sh wrote
# when the image was built, make a start take a quarter of the processor time.
archive=/opt/classes/elasticsearch.jsa
if [ -e $archive ]; then classes=SharedArchiveFile; else classes=ArchiveClassesAtExit; fi
read -ra user_options <<< "${ES_JAVA_OPTS:-}"
exec java -Xms256m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-XX:$classes=$archive" \
  -Xlog:cds=off -Xlog:cds+dynamic=off -Des.path.home=/usr/share/elasticsearch -Dfile.encoding=UTF-8 \
  -Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true -Dlog4j2.formatMsgNoLookups=true \
  -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true -Dio.netty.recycler.maxCapacityPerThread=0 \
  -Dio.netty.allocator.numDirectArenas=0 \
  -XX:+ExitOnOutOfMemoryError "${user_options[@]}" -cp 'lib/*' standin.Main
