package oa.crm.java;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import oa.crm.PositionInput;

/** A post of the host's organisation chart. */
public final class PositionInputBuilder {
    private final String id;
    private final String name;
    private String parent;
    private List<String> holders = Collections.emptyList();
    private boolean removed;

    PositionInputBuilder(String id, String name) {
        this.id = Objects.requireNonNull(id, "id");
        this.name = Objects.requireNonNull(name, "name");
    }

    public PositionInputBuilder parent(String parent) {
        this.parent = parent;
        return this;
    }

    public PositionInputBuilder holders(String... holders) {
        return holders(Arrays.asList(holders));
    }

    public PositionInputBuilder holders(List<String> holders) {
        this.holders = Lists.copy(holders, "holders");
        return this;
    }

    public PositionInputBuilder removed(boolean removed) {
        this.removed = removed;
        return this;
    }

    public PositionInput build() {
        return new PositionInput(id, name, parent, holders, removed);
    }
}
