package oa.crm.java;

import oa.crm.Place;

/** Where a follow-up took place. */
public final class PlaceBuilder {
    private String text;
    private Double latitude;
    private Double longitude;

    PlaceBuilder() {}

    public PlaceBuilder text(String text) {
        this.text = text;
        return this;
    }

    public PlaceBuilder latitude(Double latitude) {
        this.latitude = latitude;
        return this;
    }

    public PlaceBuilder longitude(Double longitude) {
        this.longitude = longitude;
        return this;
    }

    public Place build() {
        return new Place(text, latitude, longitude);
    }
}
