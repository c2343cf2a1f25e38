import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Publishes readings from standard input with Apache Kafka's own client. */
public class Producer {
    private static final Pattern PATIENT = Pattern.compile("\"patient_id\"\\s*:\\s*\"([^\"]+)\"");

    public static void main(String[] args) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", env("BOOTSTRAP", "localhost:9092"));
        settings.put("enable.idempotence", "true"); // its default partitioner is murmur2
        settings.put("compression.type", env("CODEC", "none"));
        AtomicInteger failed = new AtomicInteger();
        StringSerializer text = new StringSerializer();
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (var producer = new KafkaProducer<String, String>(settings, text, text)) {
            for (String line; (line = in.readLine()) != null; ) {
                Matcher found = PATIENT.matcher(line); // your own code has the patient at hand
                if (!found.find()) continue;
                producer.send(
                        new ProducerRecord<>(env("TOPIC", "vitals.readings"), found.group(1), line),
                        (where, error) -> {
                            if (error != null) {
                                failed.incrementAndGet();
                                System.err.println("not stored: " + error);
                            }
                        });
            }
        }
        System.exit(failed.get() == 0 ? 0 : 1);
    }

    private static String env(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }
}
