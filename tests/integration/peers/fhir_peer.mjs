// A sender built with fhir-kit-client: a create, and one that is refused.
import Client from "fhir-kit-client";

const client = new Client({ baseUrl: `http://127.0.0.1:${process.argv[2]}/fhir` });
const heartRate = (code) => ({
  resourceType: "Observation", status: "final", code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] },
  subject: { reference: "Patient/p-1" }, effectiveDateTime: new Date().toISOString(),
  valueQuantity: { value: 82, system: "http://unitsofmeasure.org", code },
});
const statement = await client.capabilityStatement();
console.log("metadata", statement.fhirVersion);
const made = await client.create({ resourceType: "Observation", body: heartRate("/min") });
console.log("create", Client.httpFor(made).response.status);
try {
  await client.create({ resourceType: "Observation", body: heartRate("bpm") });
} catch (refused) {
  console.log("refused", refused.response.status, refused.response.data.issue[0].expression[0]);
}
