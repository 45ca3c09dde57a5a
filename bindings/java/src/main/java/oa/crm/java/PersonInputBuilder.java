package oa.crm.java;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import oa.crm.PersonInput;

/** A user of the host, active unless said otherwise. */
public final class PersonInputBuilder {
    private final String id;
    private final String name;
    private boolean active = true;
    private List<String> hostRoles = Collections.emptyList();
    private String mainPosition;

    PersonInputBuilder(String id, String name) {
        this.id = Objects.requireNonNull(id, "id");
        this.name = Objects.requireNonNull(name, "name");
    }

    public PersonInputBuilder active(boolean active) {
        this.active = active;
        return this;
    }

    public PersonInputBuilder hostRoles(String... hostRoles) {
        return hostRoles(Arrays.asList(hostRoles));
    }

    public PersonInputBuilder hostRoles(List<String> hostRoles) {
        this.hostRoles = Lists.copy(hostRoles, "hostRoles");
        return this;
    }

    public PersonInputBuilder mainPosition(String mainPosition) {
        this.mainPosition = mainPosition;
        return this;
    }

    public PersonInput build() {
        return new PersonInput(id, name, active, hostRoles, mainPosition);
    }
}
