package oa.crm.java;

import java.util.Map;
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
        // The host may have its own there, for the whole request.
        Map<String, String> before = MDC.getCopyOfContextMap();
        try {
            if (entry.getCorrelationId() != null) MDC.put("correlationId", entry.getCorrelationId());
            MDC.put("organisation", entry.getOrganisation());
            MDC.put("actor", entry.getActor());
            MDC.put("operation", entry.getOperation());
            write(entry);
        } finally {
            if (before == null) MDC.clear();
            else MDC.setContextMap(before);
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
