package oa.crm.java;

import java.util.Objects;
import oa.crm.DictionaryEntryInput;

/** An entry of a dictionary. */
public final class DictionaryEntryInputBuilder {
    private final String dictionary;
    private final String code;
    private final String label;
    private String inverseLabel;
    private boolean hierarchical;
    private final int order;
    private String colour;
    private boolean retired;
    private Long version;

    DictionaryEntryInputBuilder(String dictionary, String code, String label, int order) {
        this.dictionary = Objects.requireNonNull(dictionary, "dictionary");
        this.code = Objects.requireNonNull(code, "code");
        this.label = Objects.requireNonNull(label, "label");
        this.order = order;
    }

    public DictionaryEntryInputBuilder inverseLabel(String inverseLabel) {
        this.inverseLabel = inverseLabel;
        return this;
    }

    public DictionaryEntryInputBuilder hierarchical(boolean hierarchical) {
        this.hierarchical = hierarchical;
        return this;
    }

    public DictionaryEntryInputBuilder colour(String colour) {
        this.colour = colour;
        return this;
    }

    public DictionaryEntryInputBuilder retired(boolean retired) {
        this.retired = retired;
        return this;
    }

    public DictionaryEntryInputBuilder version(Long version) {
        this.version = version;
        return this;
    }

    public DictionaryEntryInput build() {
        return new DictionaryEntryInput(
                dictionary, code, label, inverseLabel, hierarchical, order, colour, retired, version);
    }
}
