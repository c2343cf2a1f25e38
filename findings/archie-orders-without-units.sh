#!/usr/bin/env bash
# Archie 3.12.0 (Java, openEHR reference model): the order of quantities and of times.
# Seen: DvQuantity.compareTo looks at the numbers alone: 98.6 [degF] is greater than 39.5 Cel, 16 kPa (120 mm[Hg]) is less than 90 mm[Hg].
# DvDateTime.compareTo finds 12:00:00.1 and 12:00:00.9 equal, and a time without a zone equal to the same time at Z, whatever the zone of
# the machine.
# Guess before the run: quantities with different units are converted or refused, as openEHR's "strictly comparable" has it, and times
# are compared to their last digit.
# Why it matters: "the highest temperature of the day" is the normal one, the lowest pressure is the healthy one, and of two values in
# one second the order of the list decides which is the newer. Compare units before magnitudes.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId>
<version>1</version><dependencies><dependency><groupId>com.nedap.healthcare.archie</groupId><artifactId>openehr-rm</artifactId>
<version>3.12.0</version></dependency></dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=classes.txt >/dev/null
cat > Run.java <<'JAVA'
import com.nedap.archie.rm.datavalues.quantity.DvQuantity;
import com.nedap.archie.rm.datavalues.quantity.datetime.DvDateTime;

public class Run {
    static DvQuantity q(double value, String unit) { return new DvQuantity(unit, value, 1L); }
    static int times(String one, String other) { return new DvDateTime(one).compareTo(new DvDateTime(other)); }
    public static void main(String[] none) {
        int heat = q(98.6, "[degF]").compareTo(q(39.5, "Cel")), pressure = q(16, "kPa").compareTo(q(90, "mm[Hg]"));
        int fraction = times("2026-11-22T12:00:00.1Z", "2026-11-22T12:00:00.9Z"), zone = times("2026-11-22T12:00:00", "2026-11-22T12:00:00Z");
        System.out.println("98.6 [degF] against 39.5 Cel: " + heat + ", 16 kPa against 90 mm[Hg]: " + pressure);
        System.out.println("12:00:00.1Z against 12:00:00.9Z: " + fraction + ", 12:00:00 against 12:00:00Z in Tokyo: " + zone);
        System.exit(heat > 0 && pressure < 0 && fraction == 0 && zone == 0 ? 0 : 1);
    }
}
JAVA
javac -cp "$(cat classes.txt)" Run.java
TZ=Asia/Tokyo java -cp "$(cat classes.txt):." Run 2>/dev/null
