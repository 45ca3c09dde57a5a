package oa.crm.java;

import oa.crm.CustomerFilter;

/** Which customers of a view. */
public final class CustomerFilterBuilder {
    private String text;
    private String level;
    private String stage;
    private String source;
    private String industry;
    private String owner;

    CustomerFilterBuilder() {}

    public CustomerFilterBuilder text(String text) {
        this.text = text;
        return this;
    }

    public CustomerFilterBuilder level(String level) {
        this.level = level;
        return this;
    }

    public CustomerFilterBuilder stage(String stage) {
        this.stage = stage;
        return this;
    }

    public CustomerFilterBuilder source(String source) {
        this.source = source;
        return this;
    }

    public CustomerFilterBuilder industry(String industry) {
        this.industry = industry;
        return this;
    }

    public CustomerFilterBuilder owner(String owner) {
        this.owner = owner;
        return this;
    }

    public CustomerFilter build() {
        return new CustomerFilter(text, level, stage, source, industry, owner);
    }
}
