import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.v26.datatype.NM;
import ca.uhn.hl7v2.model.v26.message.ORU_R01;
import ca.uhn.hl7v2.model.v26.segment.OBX;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.validation.MessageValidator;

/** A sender built with HAPI HL7v2: two results of its own making, what their acknowledgements say, and whether they are valid. */
public class Hl7Peer {
    public static void main(String[] args) throws Exception {
        try (DefaultHapiContext context = new DefaultHapiContext()) {
            Connection connection = context.newClient("127.0.0.1", Integer.parseInt(args[0]), false);
            connection.getInitiator().setTimeoutMillis(30_000);
            for (String unit : new String[] {"/min", ""}) {
                Message answer = connection.getInitiator().sendAndReceive(result(unit));
                Terser said = new Terser(answer);
                String wrong = unit.isEmpty() ? said.get("/ERR-2-1") + " " + said.get("/ERR-3-1") : "";
                boolean valid = new MessageValidator(context.getValidationContext()).validate(answer);
                String judged = valid ? "valid " : "refused ";
                System.out.println(
                    answer.getName() + " " + said.get("/MSA-1") + " " + said.get("/MSA-2") + " " + judged + wrong);
            }
            connection.close();
        }
    }

    private static ORU_R01 result(String unit) throws Exception {
        ORU_R01 message = new ORU_R01();
        message.initQuickstart("ORU", "R01", "P");
        message.getMSH().getMessageControlID().setValue(unit.isEmpty() ? "H-2" : "H-1");
        message.getMSH().getSendingApplication().getNamespaceID().setValue("HAPI");
        var result = message.getPATIENT_RESULT();
        result.getPATIENT().getPID().getPatientIdentifierList(0).getIDNumber().setValue("4711");
        var order = result.getORDER_OBSERVATION();
        order.getOBR().getObservationDateTime().setValue("20261129215959+0100");
        OBX row = order.getOBSERVATION().getOBX();
        row.getValueType().setValue("NM");
        row.getObservationIdentifier().getIdentifier().setValue("8867-4");
        row.getObservationIdentifier().getNameOfCodingSystem().setValue("LN");
        NM value = new NM(message);
        value.setValue("82");
        row.getObservationValue(0).setData(value);
        if (!unit.isEmpty()) {
            row.getUnits().getIdentifier().setValue(unit);
            row.getUnits().getNameOfCodingSystem().setValue("UCUM");
        }
        row.getObservationResultStatus().setValue("F");
        return message;
    }
}
