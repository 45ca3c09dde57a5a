package oa.crm.java;

import java.util.Locale;
import java.util.Objects;
import oa.crm.CrmException;
import oa.crm.Language;

/** An answer over HTTP for a call that was not carried out (RFC 9457). */
public final class ProblemDetails {
    /** Of the body. */
    public static final String CONTENT_TYPE = "application/problem+json";

    private final int status;
    private final String json;

    private ProblemDetails(int status, String json) {
        this.status = status;
        this.json = json;
    }

    /** In the language of the reader: Chinese or English. */
    public static ProblemDetails of(CrmException refusal, Locale locale) {
        Objects.requireNonNull(refusal, "refusal");
        Objects.requireNonNull(locale, "locale");
        boolean chinese = Locale.CHINESE.getLanguage().equals(locale.getLanguage());
        return new ProblemDetails(refusal.getStatus(), refusal.problemJson(chinese ? Language.CHINESE : Language.ENGLISH));
    }

    public int status() {
        return status;
    }

    public String json() {
        return json;
    }
}
