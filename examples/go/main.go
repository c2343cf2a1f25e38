// Publishes readings from standard input with franz-go.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
)

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func main() {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	// Its default partitioner hashes keys by murmur2; it is idempotent unless told otherwise.
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(env("BOOTSTRAP", "localhost:9092"), ",")...),
		kgo.DefaultProduceTopic(env("TOPIC", "vitals.readings")),
		kgo.ProducerBatchCompression(codecs[env("CODEC", "none")]),
	)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	var failed atomic.Int32
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var reading struct {
			Patient string `json:"patient_id"`
		}
		if json.Unmarshal(lines.Bytes(), &reading) != nil || reading.Patient == "" {
			continue
		}
		record := &kgo.Record{Key: []byte(reading.Patient), Value: append([]byte(nil), lines.Bytes()...)}
		client.Produce(context.Background(), record, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Add(1)
				fmt.Fprintln(os.Stderr, "not stored:", err)
			}
		})
	}
	if err := client.Flush(context.Background()); err != nil || failed.Load() > 0 {
		os.Exit(1)
	}
}
