package oa.crm.java;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import oa.crm.Birthday;
import oa.crm.CustomerEdit;
import oa.crm.CustomerKind;

/** Changes to a customer, which is at the version that was read. */
public final class CustomerEditBuilder {
    private final long version;
    private String number;
    private CustomerKind kind;
    private String name;
    private String shortName;
    private String creditCode;
    private String level;
    private String stage;
    private String source;
    private String industry;
    private String region;
    private String address;
    private List<String> phones;
    private String website;
    private String email;
    private String description;
    private Birthday birthday;
    private List<String> clear = Collections.emptyList();

    CustomerEditBuilder(long version) {
        this.version = version;
    }

    public CustomerEditBuilder number(String number) {
        this.number = number;
        return this;
    }

    public CustomerEditBuilder kind(CustomerKind kind) {
        this.kind = kind;
        return this;
    }

    public CustomerEditBuilder name(String name) {
        this.name = name;
        return this;
    }

    public CustomerEditBuilder shortName(String shortName) {
        this.shortName = shortName;
        return this;
    }

    public CustomerEditBuilder creditCode(String creditCode) {
        this.creditCode = creditCode;
        return this;
    }

    public CustomerEditBuilder level(String level) {
        this.level = level;
        return this;
    }

    public CustomerEditBuilder stage(String stage) {
        this.stage = stage;
        return this;
    }

    public CustomerEditBuilder source(String source) {
        this.source = source;
        return this;
    }

    public CustomerEditBuilder industry(String industry) {
        this.industry = industry;
        return this;
    }

    public CustomerEditBuilder region(String region) {
        this.region = region;
        return this;
    }

    public CustomerEditBuilder address(String address) {
        this.address = address;
        return this;
    }

    public CustomerEditBuilder phones(String... phones) {
        return phones(Arrays.asList(phones));
    }

    public CustomerEditBuilder phones(List<String> phones) {
        this.phones = phones == null ? null : Lists.copy(phones, "phones");
        return this;
    }

    public CustomerEditBuilder website(String website) {
        this.website = website;
        return this;
    }

    public CustomerEditBuilder email(String email) {
        this.email = email;
        return this;
    }

    public CustomerEditBuilder description(String description) {
        this.description = description;
        return this;
    }

    public CustomerEditBuilder birthday(Birthday birthday) {
        this.birthday = birthday;
        return this;
    }

    public CustomerEditBuilder clear(String... clear) {
        return clear(Arrays.asList(clear));
    }

    public CustomerEditBuilder clear(List<String> clear) {
        this.clear = Lists.copy(clear, "clear");
        return this;
    }

    public CustomerEdit build() {
        return new CustomerEdit(
                version, number, kind, name, shortName, creditCode, level, stage, source, industry, region,
                address, phones, website, email, description, birthday, clear);
    }
}
