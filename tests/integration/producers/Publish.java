// A plain Java producer: java -cp 'libs/*' Publish.java bootstrap topic codec key < one value a line
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import java.util.Scanner;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

public class Publish {
    public static void main(String[] words) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", words[0]);
        settings.put("linger.ms", "50");
        var in = new Scanner(System.in, StandardCharsets.UTF_8);
        for (String codec : words[2].split(",")) {
            settings.put("compression.type", codec);
            try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
                for (int left = Integer.parseInt(words[3]); left > 0; left--) {
                    String[] line = in.nextLine().split("\t", 2);
                    producer.send(new ProducerRecord<>(words[1], line[0], line[1]));
                }
            }
        }
    }
}
