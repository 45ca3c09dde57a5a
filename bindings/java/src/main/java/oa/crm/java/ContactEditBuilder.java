package oa.crm.java;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import oa.crm.Birthday;
import oa.crm.ContactEdit;
import oa.crm.Gender;

/** Changes to a contact, which is at the version that was read. */
public final class ContactEditBuilder {
    private final long version;
    private String name;
    private Gender gender;
    private String title;
    private String department;
    private List<String> phones;
    private String email;
    private String wechat;
    private String qq;
    private Birthday birthday;
    private String address;
    private String preferences;
    private String note;
    private List<String> clear = Collections.emptyList();

    ContactEditBuilder(long version) {
        this.version = version;
    }

    public ContactEditBuilder name(String name) {
        this.name = name;
        return this;
    }

    public ContactEditBuilder gender(Gender gender) {
        this.gender = gender;
        return this;
    }

    public ContactEditBuilder title(String title) {
        this.title = title;
        return this;
    }

    public ContactEditBuilder department(String department) {
        this.department = department;
        return this;
    }

    public ContactEditBuilder phones(String... phones) {
        return phones(Arrays.asList(phones));
    }

    public ContactEditBuilder phones(List<String> phones) {
        this.phones = phones == null ? null : Lists.copy(phones, "phones");
        return this;
    }

    public ContactEditBuilder email(String email) {
        this.email = email;
        return this;
    }

    public ContactEditBuilder wechat(String wechat) {
        this.wechat = wechat;
        return this;
    }

    public ContactEditBuilder qq(String qq) {
        this.qq = qq;
        return this;
    }

    public ContactEditBuilder birthday(Birthday birthday) {
        this.birthday = birthday;
        return this;
    }

    public ContactEditBuilder address(String address) {
        this.address = address;
        return this;
    }

    public ContactEditBuilder preferences(String preferences) {
        this.preferences = preferences;
        return this;
    }

    public ContactEditBuilder note(String note) {
        this.note = note;
        return this;
    }

    public ContactEditBuilder clear(String... clear) {
        return clear(Arrays.asList(clear));
    }

    public ContactEditBuilder clear(List<String> clear) {
        this.clear = Lists.copy(clear, "clear");
        return this;
    }

    public ContactEdit build() {
        return new ContactEdit(
                version, name, gender, title, department, phones, email, wechat, qq, birthday, address,
                preferences, note, clear);
    }
}
