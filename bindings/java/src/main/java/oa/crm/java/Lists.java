package oa.crm.java;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

final class Lists {
    private Lists() {}

    /** A list of its own, without null. */
    static <T> List<T> copy(List<T> list, String name) {
        List<T> copy = new ArrayList<>(Objects.requireNonNull(list, name));
        for (T item : copy) Objects.requireNonNull(item, name);
        return Collections.unmodifiableList(copy);
    }
}
