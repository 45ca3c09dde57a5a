package oa.crm.java;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import oa.crm.RoleInput;

/** A role and its rights. */
public final class RoleInputBuilder {
    private final String id;
    private final String name;
    private boolean administrator;
    private List<String> allow = Collections.emptyList();
    private List<String> deny = Collections.emptyList();
    private boolean everyone;
    private List<String> people = Collections.emptyList();
    private List<String> positions = Collections.emptyList();
    private List<String> hostRoles = Collections.emptyList();

    RoleInputBuilder(String id, String name) {
        this.id = Objects.requireNonNull(id, "id");
        this.name = Objects.requireNonNull(name, "name");
    }

    public RoleInputBuilder administrator(boolean administrator) {
        this.administrator = administrator;
        return this;
    }

    public RoleInputBuilder allow(String... allow) {
        return allow(Arrays.asList(allow));
    }

    public RoleInputBuilder allow(List<String> allow) {
        this.allow = Lists.copy(allow, "allow");
        return this;
    }

    public RoleInputBuilder deny(String... deny) {
        return deny(Arrays.asList(deny));
    }

    public RoleInputBuilder deny(List<String> deny) {
        this.deny = Lists.copy(deny, "deny");
        return this;
    }

    public RoleInputBuilder everyone(boolean everyone) {
        this.everyone = everyone;
        return this;
    }

    public RoleInputBuilder people(String... people) {
        return people(Arrays.asList(people));
    }

    public RoleInputBuilder people(List<String> people) {
        this.people = Lists.copy(people, "people");
        return this;
    }

    public RoleInputBuilder positions(String... positions) {
        return positions(Arrays.asList(positions));
    }

    public RoleInputBuilder positions(List<String> positions) {
        this.positions = Lists.copy(positions, "positions");
        return this;
    }

    public RoleInputBuilder hostRoles(String... hostRoles) {
        return hostRoles(Arrays.asList(hostRoles));
    }

    public RoleInputBuilder hostRoles(List<String> hostRoles) {
        this.hostRoles = Lists.copy(hostRoles, "hostRoles");
        return this;
    }

    public RoleInput build() {
        return new RoleInput(id, name, administrator, allow, deny, everyone, people, positions, hostRoles);
    }
}
