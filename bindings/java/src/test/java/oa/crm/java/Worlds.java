package oa.crm.java;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import oa.crm.Crm;
import oa.crm.CrmSession;
import oa.crm.NewOrganisation;
import oa.crm.SyncMode;
import oa.crm.ffi.HostEnvironment;

/** What tests begin with. */
public final class Worlds {
    private Worlds() {}

    /** Founds {@code acme} with the salespeople alice and bob. */
    public static CrmSession founded(Crm crm) {
        CrmSession host = crm.asSystem("acme", "set-up");
        host.createOrganisation(new NewOrganisation("Acme", null, null));
        host.syncPeople(Arrays.asList(Builders.personInput("alice", "Alice").build(),
                Builders.personInput("bob", "Bob").build()), SyncMode.DELTA);
        return crm.asUser("acme", "alice");
    }

    /** A clock that stands until it is advanced, and draws that are counted. */
    static final class Counted implements HostEnvironment {
        private final AtomicLong millis = new AtomicLong(Instant.parse("2026-11-23T01:00:00.000Z").toEpochMilli());
        private final AtomicLong draws = new AtomicLong();

        void advance(long by) {
            millis.addAndGet(by);
        }

        @Override
        public Instant now() {
            return Instant.ofEpochMilli(millis.get());
        }

        @Override
        public byte[] entropy() {
            return ByteBuffer.allocate(16).putLong(0).putLong(draws.getAndIncrement()).array();
        }
    }
}
