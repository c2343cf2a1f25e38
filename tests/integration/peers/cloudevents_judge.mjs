// What the CloudEvents project's own SDK makes of messages: each line of a file is one, with its headers and its body.
import { readFileSync } from "node:fs";
import { HTTP } from "cloudevents";

for (const line of readFileSync(process.argv[2], "utf8").trim().split("\n")) {
  const { headers, body } = JSON.parse(line);
  try {
    const event = HTTP.toEvent({ headers, body });
    event.validate();
    console.log("valid", event.specversion, event.type, event.data.phase, event.data.mode);
  } catch (fault) {
    console.log("refused", fault.message.split("\n")[0]);
  }
}
