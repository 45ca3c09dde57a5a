package oa.crm.java;

import oa.crm.PageRequest;

/** A page of a list; the first of 20 unless said otherwise. */
public final class PageRequestBuilder {
    private int size = 20;
    private String cursor;
    private boolean count;

    PageRequestBuilder() {}

    public PageRequestBuilder size(int size) {
        this.size = size;
        return this;
    }

    public PageRequestBuilder cursor(String cursor) {
        this.cursor = cursor;
        return this;
    }

    public PageRequestBuilder count(boolean count) {
        this.count = count;
        return this;
    }

    public PageRequest build() {
        return new PageRequest(size, cursor, count);
    }
}
