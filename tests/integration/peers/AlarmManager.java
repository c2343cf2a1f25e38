import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.util.Terser;
import java.util.Map;
import java.util.concurrent.SynchronousQueue;

/** An alarm manager: takes PCD-04 by HAPI's receiving application, and answers each with PCD-05 messages. */
public class AlarmManager {
    public static void main(String[] args) throws Exception {
        var context = new DefaultHapiContext();
        int back = Integer.parseInt(args[0]);
        int port;
        try (var free = new java.net.ServerSocket(0)) {
            port = free.getLocalPort();
        }
        var got = new SynchronousQueue<String>();
        HL7Service server = context.newServer(port, false);
        server.registerApplication("*", "*", new ReceivingApplication<Message>() {
            public Message processMessage(Message message, Map<String, Object> meta) {
                try {
                    var terser = new Terser(message);
                    System.out.println("GOT " + terser.get("/MSH-9-1") + "^" + terser.get("/MSH-9-2") + " phase "
                        + phase(message.encode()) + " " + message.getVersion());
                    System.out.flush();
                    String about = terser.get("/MSH-10");
                    new Thread(() -> { try { got.put(about); } catch (InterruptedException gone) { } }).start();
                    return message.generateACK();
                } catch (Exception fault) {
                    throw new RuntimeException(fault);
                }
            }

            public boolean canProcess(Message message) {
                return true;
            }
        });
        server.startAndWait();
        System.out.println("LISTENING " + port);
        System.out.flush();
        String about = got.take();
        Connection connection = context.newClient("127.0.0.1", back, false);
        for (String word : new String[] {"Delivered", "Read", "Accepted"}) {
            String text = "MSH|^~\\&|AM||VIGILWARD||20261122031000||ORA^R41^ORA_R41|" + word + "|P|2.6\r"
                + "MSA|AA|" + about + "\r"
                + "PRT|1|UC||AAP^Acknowledging^HL70912|4711^Maas^Ruth\r"
                + "OBX|1|ST|68487^MDC_ATTR_ALERT_STATUS^MDC|1|" + word + "||||||F\r";
            Message answer = connection.getInitiator().sendAndReceive(context.getPipeParser().parse(text));
            System.out.println("ANSWERED " + new Terser(answer).get("/MSA-1") + " " + new Terser(answer).get("/MSA-2"));
            System.out.flush();
        }
        connection.close();
        server.stopAndWait();
        System.exit(0);
    }

    private static String phase(String text) {
        for (String line : text.split("\r")) {
            if (line.contains("MDC_ATTR_EVENT_PHASE")) {
                return line.split("\\|")[5];
            }
        }
        return "none";
    }
}
