import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.StrictErrorHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hl7.fhir.r4.model.Bundle;

/** Reads transactions by HAPI FHIR's R4 model, whose strict handler takes no unknown element, code or date. */
public class FhirJudge {
    public static void main(String[] args) throws Exception {
        var parser = FhirContext.forR4().newJsonParser().setParserErrorHandler(new StrictErrorHandler());
        for (String name : args) {
            Bundle bundle = parser.parseResource(Bundle.class, Files.readString(Path.of(name)));
            var said = new StringBuilder(bundle.getType().toCode());
            for (var entry : bundle.getEntry()) {
                said.append(" ").append(entry.getRequest().getUrl().split("/")[0]);
            }
            System.out.println(said);
        }
    }
}
