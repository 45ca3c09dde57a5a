package oa.crm.java;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import oa.crm.Birthday;
import oa.crm.Gender;
import oa.crm.NewContact;

/** A contact to be added. */
public final class NewContactBuilder {
    private final String name;
    private boolean primary;
    private Gender gender;
    private String title;
    private String department;
    private List<String> phones = Collections.emptyList();
    private String email;
    private String wechat;
    private String qq;
    private Birthday birthday;
    private String address;
    private String preferences;
    private String note;

    NewContactBuilder(String name) {
        this.name = Objects.requireNonNull(name, "name");
    }

    public NewContactBuilder primary(boolean primary) {
        this.primary = primary;
        return this;
    }

    public NewContactBuilder gender(Gender gender) {
        this.gender = gender;
        return this;
    }

    public NewContactBuilder title(String title) {
        this.title = title;
        return this;
    }

    public NewContactBuilder department(String department) {
        this.department = department;
        return this;
    }

    public NewContactBuilder phones(String... phones) {
        return phones(Arrays.asList(phones));
    }

    public NewContactBuilder phones(List<String> phones) {
        this.phones = Lists.copy(phones, "phones");
        return this;
    }

    public NewContactBuilder email(String email) {
        this.email = email;
        return this;
    }

    public NewContactBuilder wechat(String wechat) {
        this.wechat = wechat;
        return this;
    }

    public NewContactBuilder qq(String qq) {
        this.qq = qq;
        return this;
    }

    public NewContactBuilder birthday(Birthday birthday) {
        this.birthday = birthday;
        return this;
    }

    public NewContactBuilder address(String address) {
        this.address = address;
        return this;
    }

    public NewContactBuilder preferences(String preferences) {
        this.preferences = preferences;
        return this;
    }

    public NewContactBuilder note(String note) {
        this.note = note;
        return this;
    }

    public NewContact build() {
        return new NewContact(
                name, primary, gender, title, department, phones, email, wechat, qq, birthday, address,
                preferences, note);
    }
}
