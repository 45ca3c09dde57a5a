package oa.crm.java;

import java.util.Objects;
import oa.crm.LogEntry;
import oa.crm.ffi.HostLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * The CRM's log entries in SLF4J, one per call, with {@code correlationId}, {@code organisation}, {@code actor} and
 * {@code operation} in the MDC while the entry is written.
 */
public final class Slf4jLog implements HostLog {
    private static final String CORRELATION = "correlationId";

    private final Logger logger;

    /** Logs as {@code oa.crm}. */
    public Slf4jLog() {
        this(LoggerFactory.getLogger("oa.crm"));
    }

    public Slf4jLog(Logger logger) {
        this.logger = Objects.requireNonNull(logger, "logger");
    }

    @Override
    public void log(LogEntry entry) {
        String before = MDC.get(CORRELATION);
        if (entry.getCorrelationId() != null) MDC.put(CORRELATION, entry.getCorrelationId());
        try (MDC.MDCCloseable organisation = MDC.putCloseable("organisation", entry.getOrganisation());
                MDC.MDCCloseable actor = MDC.putCloseable("actor", entry.getActor());
                MDC.MDCCloseable operation = MDC.putCloseable("operation", entry.getOperation())) {
            write(entry);
        } finally {
            // The host may have its own there, for the whole request.
            if (before == null) MDC.remove(CORRELATION);
            else MDC.put(CORRELATION, before);
        }
    }

    private void write(LogEntry entry) {
        String text = entry.getCode() == null ? "{}" : entry.getReason() == null ? "{}: {}" : "{}: {}: {}";
        Object[] values = {entry.getOperation(), entry.getCode(), entry.getReason()};
        switch (entry.getLevel()) {
            case ERROR:
                logger.error(text, values);
                break;
            case WARN:
                logger.warn(text, values);
                break;
            case INFO:
                logger.info(text, values);
                break;
            default:
                logger.debug(text, values);
        }
    }
}
