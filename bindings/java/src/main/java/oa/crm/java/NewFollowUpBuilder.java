package oa.crm.java;

import java.time.Instant;
import java.util.Objects;
import oa.crm.NewFollowUp;
import oa.crm.Place;

/** A follow-up to be noted. */
public final class NewFollowUpBuilder {
    private final String content;
    private Instant at;
    private String method;
    private String contact;
    private String stage;
    private Place place;
    private Instant nextAt;
    private String nextContent;

    NewFollowUpBuilder(String content) {
        this.content = Objects.requireNonNull(content, "content");
    }

    public NewFollowUpBuilder at(Instant at) {
        this.at = at;
        return this;
    }

    public NewFollowUpBuilder method(String method) {
        this.method = method;
        return this;
    }

    public NewFollowUpBuilder contact(String contact) {
        this.contact = contact;
        return this;
    }

    public NewFollowUpBuilder stage(String stage) {
        this.stage = stage;
        return this;
    }

    public NewFollowUpBuilder place(Place place) {
        this.place = place;
        return this;
    }

    public NewFollowUpBuilder nextAt(Instant nextAt) {
        this.nextAt = nextAt;
        return this;
    }

    public NewFollowUpBuilder nextContent(String nextContent) {
        this.nextContent = nextContent;
        return this;
    }

    public NewFollowUp build() {
        return new NewFollowUp(content, at, method, contact, stage, place, nextAt, nextContent);
    }
}
