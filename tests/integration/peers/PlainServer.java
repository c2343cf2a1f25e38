import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.annotation.Create;
import ca.uhn.fhir.rest.annotation.ResourceParam;
import ca.uhn.fhir.rest.annotation.Transaction;
import ca.uhn.fhir.rest.annotation.TransactionParam;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.server.IResourceProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Observation;

/** HAPI FHIR's plain server on Jetty: reads Observations and Bundles, answers, and keeps nothing. */
public class PlainServer {
    static final AtomicLong IDS = new AtomicLong();

    public static class Observations implements IResourceProvider {
        public Class<? extends IBaseResource> getResourceType() {
            return Observation.class;
        }

        @Create
        public MethodOutcome create(@ResourceParam Observation one) {
            if (!one.hasCode() || !one.hasStatus()) {
                throw new IllegalArgumentException("no code, no status");
            }
            return new MethodOutcome(new IdType("Observation", IDS.incrementAndGet()), true);
        }
    }

    public static class Bundles {
        @Transaction
        public Bundle batch(@TransactionParam Bundle sent) {
            Bundle answer = new Bundle();
            answer.setType(Bundle.BundleType.BATCHRESPONSE);
            for (var entry : sent.getEntry()) {
                var one = (Observation) entry.getResource();
                boolean good = one.hasCode() && one.hasStatus();
                answer.addEntry().getResponse().setStatus(good ? "201 Created" : "422 Unprocessable Entity");
            }
            return answer;
        }
    }

    public static void main(String[] args) throws Exception {
        var fhir = new RestfulServer(FhirContext.forR4());
        fhir.registerProviders(new Observations(), new Bundles());
        var server = new Server(0);
        var root = new ServletContextHandler("/");
        root.addServlet(new ServletHolder(fhir), "/fhir/*");
        server.setHandler(root);
        server.start();
        System.out.println("LISTENING " + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
        System.out.flush();
        server.join();
    }
}
