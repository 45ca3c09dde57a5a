package oa.crm.java;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import oa.crm.Birthday;
import oa.crm.CustomerKind;
import oa.crm.NewContact;
import oa.crm.NewCustomer;
import oa.crm.NewRelation;

/** A customer to be created. */
public final class NewCustomerBuilder {
    private String number;
    private CustomerKind kind;
    private final String name;
    private String shortName;
    private String creditCode;
    private String level;
    private String stage;
    private String source;
    private String industry;
    private String region;
    private String address;
    private List<String> phones = Collections.emptyList();
    private String website;
    private String email;
    private String description;
    private Birthday birthday;
    private String owner;
    private String ownerPosition;
    private List<NewContact> contacts = Collections.emptyList();
    private List<NewRelation> relations = Collections.emptyList();

    NewCustomerBuilder(String name) {
        this.name = Objects.requireNonNull(name, "name");
    }

    public NewCustomerBuilder number(String number) {
        this.number = number;
        return this;
    }

    public NewCustomerBuilder kind(CustomerKind kind) {
        this.kind = kind;
        return this;
    }

    public NewCustomerBuilder shortName(String shortName) {
        this.shortName = shortName;
        return this;
    }

    public NewCustomerBuilder creditCode(String creditCode) {
        this.creditCode = creditCode;
        return this;
    }

    public NewCustomerBuilder level(String level) {
        this.level = level;
        return this;
    }

    public NewCustomerBuilder stage(String stage) {
        this.stage = stage;
        return this;
    }

    public NewCustomerBuilder source(String source) {
        this.source = source;
        return this;
    }

    public NewCustomerBuilder industry(String industry) {
        this.industry = industry;
        return this;
    }

    public NewCustomerBuilder region(String region) {
        this.region = region;
        return this;
    }

    public NewCustomerBuilder address(String address) {
        this.address = address;
        return this;
    }

    public NewCustomerBuilder phones(String... phones) {
        return phones(Arrays.asList(phones));
    }

    public NewCustomerBuilder phones(List<String> phones) {
        this.phones = Lists.copy(phones, "phones");
        return this;
    }

    public NewCustomerBuilder website(String website) {
        this.website = website;
        return this;
    }

    public NewCustomerBuilder email(String email) {
        this.email = email;
        return this;
    }

    public NewCustomerBuilder description(String description) {
        this.description = description;
        return this;
    }

    public NewCustomerBuilder birthday(Birthday birthday) {
        this.birthday = birthday;
        return this;
    }

    public NewCustomerBuilder owner(String owner) {
        this.owner = owner;
        return this;
    }

    public NewCustomerBuilder ownerPosition(String ownerPosition) {
        this.ownerPosition = ownerPosition;
        return this;
    }

    public NewCustomerBuilder contacts(List<NewContact> contacts) {
        this.contacts = Lists.copy(contacts, "contacts");
        return this;
    }

    public NewCustomerBuilder relations(List<NewRelation> relations) {
        this.relations = Lists.copy(relations, "relations");
        return this;
    }

    public NewCustomer build() {
        return new NewCustomer(
                number, kind, name, shortName, creditCode, level, stage, source, industry, region, address,
                phones, website, email, description, birthday, owner, ownerPosition, contacts, relations);
    }
}
