package oa.crm.java;

import java.time.Instant;
import java.util.Objects;
import oa.crm.FollowUpQuery;
import oa.crm.FollowUps;

/** Which follow-ups. */
public final class FollowUpQueryBuilder {
    private final FollowUps of;
    private Instant from;
    private Instant before;
    private String author;
    private String method;

    FollowUpQueryBuilder(FollowUps of) {
        this.of = Objects.requireNonNull(of, "of");
    }

    public FollowUpQueryBuilder from(Instant from) {
        this.from = from;
        return this;
    }

    public FollowUpQueryBuilder before(Instant before) {
        this.before = before;
        return this;
    }

    public FollowUpQueryBuilder author(String author) {
        this.author = author;
        return this;
    }

    public FollowUpQueryBuilder method(String method) {
        this.method = method;
        return this;
    }

    public FollowUpQuery build() {
        return new FollowUpQuery(of, from, before, author, method);
    }
}
