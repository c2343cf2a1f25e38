#!/usr/bin/env bash
# bluetooth-gatt-parser 1.9.4 (Java 17, Bluetooth GATT): a heart-rate measurement with two beat-to-beat intervals.
# Seen: of the intervals 1024 and 922 (the field counts 1/1024 s: 1.0 s and 0.9 s) only the first comes out, as 1024.0 with the unit
# org.bluetooth.unit.time.second; the flags for skin contact come out nowhere: rate 0 "contact lost" and rate 0 are the same.
# Guess before the run: 1.0 and 0.9 seconds, and a field or a mark for the lost contact.
# Why it matters: one beat lasts 17 minutes in its own unit, half of the beats are gone, so that each measure of variability is wrong, and
# a strap that is taken off is an asystole. Divide by 1024, count the bytes yourself, and read the contact bits of the first byte.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId>
<version>1</version><dependencies><dependency><groupId>org.sputnikdev</groupId><artifactId>bluetooth-gatt-parser</artifactId>
<version>1.9.4</version></dependency></dependencies></project>
XML
mvn -q -B dependency:build-classpath -Dmdep.outputFile=classes.txt >/dev/null
cat > Run.java <<'JAVA'
import java.util.stream.Collectors;
import org.sputnikdev.bluetooth.gattparser.BluetoothGattParserFactory;

public class Run {
    static String read(int... bytes) {
        byte[] raw = new byte[bytes.length];
        for (int i = 0; i < raw.length; i++) raw[i] = (byte) bytes[i];
        return BluetoothGattParserFactory.getDefault().parse("2A37", raw).getFieldHolders().stream()
            .map(one -> one.getField().getName() + " " + one.getBigDecimal() + " " + one.getField().getUnit())
            .collect(Collectors.joining("; "));
    }
    public static void main(String[] none) {
        String intervals = read(0x10, 60, 0x00, 0x04, 0x9A, 0x03), lost = read(0x04, 0), zero = read(0x06, 0);
        System.out.println(intervals + " | contact lost: " + lost + " | contact: " + zero);
        boolean first = intervals.endsWith("RR-Interval 1024.0 org.bluetooth.unit.time.second");
        System.exit(first && !intervals.contains("922") && lost.equals(zero) ? 0 : 1);
    }
}
JAVA
javac -cp "$(cat classes.txt)" Run.java
open=""
for one in base/java.util base/java.lang base/java.lang.reflect base/java.text desktop/java.awt.font; do
  open="$open --add-opens java.$one=ALL-UNNAMED"
done
java $open -cp "$(cat classes.txt):." Run 2>/dev/null
