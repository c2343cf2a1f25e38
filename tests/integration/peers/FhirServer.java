import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.annotation.Transaction;
import ca.uhn.fhir.rest.annotation.TransactionParam;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.server.IResourceProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.exceptions.ResourceVersionConflictException;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import ca.uhn.fhir.rest.server.provider.HashMapResourceProvider;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Communication;
import org.hl7.fhir.r4.model.Flag;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.r4.model.RiskAssessment;

/** HAPI FHIR's plain server in memory: takes transactions with a bearer token, and refuses what it is told to. */
public class FhirServer {
    static final Map<String, HashMapResourceProvider<?>> KEPT = new HashMap<>();

    static <T extends Resource> HashMapResourceProvider<T> kept(FhirContext context, Class<T> type) {
        var provider = new HashMapResourceProvider<>(context, type);
        KEPT.put(type.getSimpleName(), provider);
        return provider;
    }

    /** The system's own interactions. */
    public static class Transactions {
        @Transaction
        @SuppressWarnings({"unchecked", "rawtypes"})
        public Bundle take(@TransactionParam Bundle asked, RequestDetails request) {
            if (!"Bearer a token of sixteen".equals(request.getHeader("Authorization"))) {
                throw new AuthenticationException("no such token");
            }
            var answer = new Bundle().setType(Bundle.BundleType.TRANSACTIONRESPONSE);
            for (var entry : asked.getEntry()) {
                var resource = entry.getResource();
                if (resource instanceof Flag flag && flag.getCode().getText().contains("no such code")) {
                    var outcome = new OperationOutcome();
                    outcome.addIssue().setSeverity(OperationOutcome.IssueSeverity.ERROR)
                        .setCode(OperationOutcome.IssueType.CODEINVALID).setDiagnostics("of Anna Adler").addExpression("Flag.code");
                    throw new UnprocessableEntityException("refused", outcome);
                }
                if (resource instanceof Flag flag && flag.getCode().getText().contains("two at once")) {
                    throw new ResourceVersionConflictException("another has written it meanwhile");
                }
                ((HashMapResourceProvider) KEPT.get(resource.fhirType())).update(resource, null, request);
                answer.addEntry().getResponse().setStatus("200 OK");
            }
            return answer;
        }
    }

    public static void main(String[] args) throws Exception {
        var context = FhirContext.forR4();
        var fhir = new RestfulServer(context);
        fhir.setResourceProviders(List.<IResourceProvider>of(kept(context, Flag.class), kept(context, Communication.class),
            kept(context, Observation.class), kept(context, RiskAssessment.class)));
        fhir.registerProvider(new Transactions());
        var server = new Server(0);
        var handler = new ServletContextHandler("/");
        handler.addServlet(new ServletHolder(fhir), "/r4/*");
        server.setHandler(handler);
        server.start();
        System.out.println("LISTENING " + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
        System.in.read();
        server.stop();
    }
}
