package org.apache.kafka.common.utils;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** In the place of Kafka's own: a wall clock that is ahead by the milliseconds in a file, and true monotonic time. */
class SystemTime implements Time {
    private static final SystemTime SYSTEM_TIME = new SystemTime();
    private volatile long ahead = 0;

    public static SystemTime getSystemTime() {
        return SYSTEM_TIME;
    }

    private SystemTime() {
        Path file = Path.of(System.getProperty("vigilward.clock"));
        Thread looks = new Thread(() -> {
            while (true) {
                try {
                    ahead = Long.parseLong(Files.readString(file).strip());
                } catch (Exception gone) {
                    // as it was
                }
                LockSupport.parkNanos(20_000_000);
            }
        }, "false-clock");
        looks.setDaemon(true);
        looks.start();
    }

    @Override
    public long milliseconds() {
        return System.currentTimeMillis() + ahead;
    }

    @Override
    public long nanoseconds() {
        return System.nanoTime();
    }

    @Override
    public void sleep(long ms) {
        Utils.sleep(ms);
    }
}
