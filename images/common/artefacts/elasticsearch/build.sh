#!/usr/bin/env bash
# Elasticsearch's core with its network plug-in, from Maven Central, laid out as in /usr/share/elasticsearch: lib/ and modules/.
# Usage: build.sh OUTPUT_FOLDER
set -euo pipefail
cd "$(dirname "$0")"
../../need.sh javac default-jdk-headless
../../need.sh mvn maven
../../need.sh unzip unzip
out=$1
all=$out/all
mvn -q -B -f pom.xml dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$all"
version=$(basename "$all"/elasticsearch-8.*.jar .jar)
version=${version#elasticsearch-}

# A module's folder: its descriptor and its jars. As a named Java module the network plug-in could not be loaded from here.
netty=$out/modules/transport-netty4
root=$out/modules/rest-root
mkdir -p "$netty" "$root" "$out/lib" "$out/classes"
mv "$all"/netty-*.jar "$all"/transport-netty4-*.jar "$netty"
(cd "$netty" && unzip -p transport-netty4-*.jar META-INF/es-plugins/transport-netty4/plugin-descriptor.properties \
  | sed '/^modulename=/d' > plugin-descriptor.properties)
mv "$all"/*.jar "$out/lib"

javac --release 17 -nowarn -cp "$out/lib/*" -d "$out/classes" src/standin/*.java
jar --create --file "$out/lib/standin-main.jar" -C "$out/classes" standin/Main.class
(cd "$out/classes" && rm standin/Main.class && jar --create --file "$root/standin-root.jar" standin)
printf '%s\n' 'description=GET /' "version=$version" name=rest-root java.version=17 "elasticsearch.version=$version" \
  classname=standin.RootPlugin > "$root/plugin-descriptor.properties"
rm -r "$all" "$out/classes"
