import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/** HAPI FHIR's instance validator (R4, its own profiles and code systems) over files: a line each. */
public class FhirValidator {
    public static void main(String[] args) throws Exception {
        var context = FhirContext.forR4();
        var chain = new ValidationSupportChain(new DefaultProfileValidationSupport(context),
            new CommonCodeSystemsTerminologyService(context), new InMemoryTerminologyServerValidationSupport(context));
        var validator = context.newValidator();
        validator.registerValidatorModule(new FhirInstanceValidator(chain));
        for (String arg : args) {
            var file = Path.of(arg);
            var result = validator.validateWithResult(Files.readString(file));
            String name = file.getFileName().toString().replace(".json", "");
            System.out.println(name + " " + (result.isSuccessful() ? "valid" : "refused"));
            for (var one : result.getMessages()) {
                System.err.println(name + " " + one.getSeverity() + " " + one.getLocationString() + " " + one.getMessage());
            }
        }
    }
}
