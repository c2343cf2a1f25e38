// Publishes readings from standard input with kafkajs.
import { createInterface } from "node:readline";
import { CompressionTypes, Kafka, Partitioners, logLevel } from "kafkajs";

const { BOOTSTRAP = "localhost:9092", TOPIC = "vitals.readings", CODEC = "none" } = process.env;
const kafka = new Kafka({ brokers: BOOTSTRAP.split(","), logLevel: logLevel.ERROR });
const producer = kafka.producer({
  createPartitioner: Partitioners.DefaultPartitioner, // murmur2, as Java's
  idempotent: true,
  maxInFlightRequests: 1, // kafkajs keeps the order only so
});
await producer.connect();
const messages = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim()) messages.push({ key: JSON.parse(line).patient_id, value: line });
}
const compression = CODEC === "gzip" ? CompressionTypes.GZIP : CompressionTypes.None;
await producer.send({ topic: TOPIC, messages, compression, acks: -1 }); // throws where Kafka has not all
await producer.disconnect();
