"""What the client library knows of any process: memory, processor, descriptors, collections."""

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector


def add_process_collectors(registry: CollectorRegistry) -> None:
    """`process_*` and `python_*`, named by the library, in this registry."""
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
