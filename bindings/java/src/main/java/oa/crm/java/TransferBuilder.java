package oa.crm.java;

import java.time.Instant;
import java.util.Objects;
import oa.crm.Transfer;

/** A hand-over to another owner. */
public final class TransferBuilder {
    private final String to;
    private String toPosition;
    private Instant keepReaderUntil;
    private String reason;

    TransferBuilder(String to) {
        this.to = Objects.requireNonNull(to, "to");
    }

    public TransferBuilder toPosition(String toPosition) {
        this.toPosition = toPosition;
        return this;
    }

    public TransferBuilder keepReaderUntil(Instant keepReaderUntil) {
        this.keepReaderUntil = keepReaderUntil;
        return this;
    }

    public TransferBuilder reason(String reason) {
        this.reason = reason;
        return this;
    }

    public Transfer build() {
        return new Transfer(to, toPosition, keepReaderUntil, reason);
    }
}
