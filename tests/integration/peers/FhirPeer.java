import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import java.util.Date;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.DateTimeType;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Quantity;
import org.hl7.fhir.r4.model.Reference;

/** A sender built with HAPI FHIR's client: a create, a refused one, a conditional one twice, a batch. */
public class FhirPeer {
    public static void main(String[] args) {
        IGenericClient client = FhirContext.forR4().newRestfulGenericClient("http://127.0.0.1:" + args[0] + "/fhir");
        System.out.println("create " + client.create().resource(heartRate("/min")).execute().getCreated());
        try {
            client.create().resource(heartRate("bpm")).execute();
        } catch (UnprocessableEntityException refused) {
            var outcome = (OperationOutcome) refused.getOperationOutcome();
            System.out.println("refused " + outcome.getIssueFirstRep().getExpression().get(0));
        }
        for (int time = 0; time < 2; time++) {
            Observation one = heartRate("/min");
            one.addIdentifier().setSystem("urn:s").setValue("1");
            var made = client.create().resource(one).conditionalByUrl("Observation?identifier=urn:s|1").execute();
            System.out.println("conditional " + made.getCreated() + " " + made.getId().getResourceType());
        }
        Bundle batch = new Bundle();
        batch.setType(Bundle.BundleType.BATCH);
        for (String unit : new String[] {"/min", "bpm"}) {
            batch.addEntry().setResource(heartRate(unit)).getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Observation");
        }
        for (var entry : client.transaction().withBundle(batch).execute().getEntry()) {
            System.out.println("batch " + entry.getResponse().getStatus().substring(0, 3));
        }
    }

    private static Observation heartRate(String unit) {
        Observation one = new Observation();
        one.setStatus(Observation.ObservationStatus.FINAL);
        one.getCode().addCoding().setSystem("http://loinc.org").setCode("8867-4");
        one.setSubject(new Reference("Patient/p-1"));
        one.setEffective(new DateTimeType(new Date()));
        one.setValue(new Quantity().setValue(82).setSystem("http://unitsofmeasure.org").setCode(unit));
        return one;
    }
}
