package oa.crm.java;

import java.time.Instant;
import java.util.Objects;
import oa.crm.ShareInput;
import oa.crm.ShareRight;

/** Who is to see or edit a customer. */
public final class ShareInputBuilder {
    private String person;
    private String position;
    private final ShareRight right;
    private Instant endsAt;
    private String label;

    ShareInputBuilder(ShareRight right) {
        this.right = Objects.requireNonNull(right, "right");
    }

    public ShareInputBuilder person(String person) {
        this.person = person;
        return this;
    }

    public ShareInputBuilder position(String position) {
        this.position = position;
        return this;
    }

    public ShareInputBuilder endsAt(Instant endsAt) {
        this.endsAt = endsAt;
        return this;
    }

    public ShareInputBuilder label(String label) {
        this.label = label;
        return this;
    }

    public ShareInput build() {
        return new ShareInput(person, position, right, endsAt, label);
    }
}
