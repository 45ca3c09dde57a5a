package oa.crm.java;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import oa.crm.CrmException;
import oa.crm.PageRequest;

/** What calls answer, in the terms of Java. */
public final class Answers {
    private Answers() {}

    /**
     * The record, or nothing when there is none that the actor may see.
     *
     * <pre>{@code
     * Optional<Customer> customer = Answers.find(() -> alice.customer(id));
     * }</pre>
     */
    public static <T> Optional<T> find(Supplier<T> call) {
        Objects.requireNonNull(call, "call");
        try {
            return Optional.of(call.get());
        } catch (CrmException.NotFound absent) {
            return Optional.empty();
        }
    }

    /** Where the next page begins, or nothing after the last; {@code next} is the page's field of that name. */
    public static Optional<PageRequest> next(PageRequest request, String next) {
        Objects.requireNonNull(request, "request");
        return Optional.ofNullable(next).map(cursor -> new PageRequest(request.getSize(), cursor, false));
    }

    /**
     * All records of a list, page after page, each asked for when the one before is used up.
     *
     * <pre>{@code
     * Answers.all(Builders.pageRequest().size(50).build(), page -> alice.customers(query, page),
     *         CustomerPage::getItems, CustomerPage::getNext).forEach(..);
     * }</pre>
     */
    public static <P, T> Stream<T> all(
            PageRequest first, Function<PageRequest, P> call, Function<P, List<T>> items, Function<P, String> next) {
        Pages<P, T> pages = new Pages<>(Objects.requireNonNull(first, "first"), Objects.requireNonNull(call, "call"),
                Objects.requireNonNull(items, "items"), Objects.requireNonNull(next, "next"));
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(pages, Spliterator.ORDERED), false);
    }

    private static final class Pages<P, T> implements Iterator<T> {
        private final Function<PageRequest, P> call;
        private final Function<P, List<T>> items;
        private final Function<P, String> next;
        private Optional<PageRequest> request;
        private Iterator<T> page = Collections.emptyIterator();

        Pages(PageRequest first, Function<PageRequest, P> call, Function<P, List<T>> items, Function<P, String> next) {
            this.request = Optional.of(first);
            this.call = call;
            this.items = items;
            this.next = next;
        }

        @Override
        public boolean hasNext() {
            while (!page.hasNext() && request.isPresent()) {
                P answer = call.apply(request.get());
                page = items.apply(answer).iterator();
                request = Answers.next(request.get(), next.apply(answer));
            }
            return page.hasNext();
        }

        @Override
        public T next() {
            if (!hasNext()) throw new NoSuchElementException();
            return page.next();
        }
    }
}
