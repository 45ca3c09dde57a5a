package oa.crm.java;

import java.util.Objects;
import oa.crm.FollowUps;
import oa.crm.Settings;
import oa.crm.ShareRight;

/**
 * Builders for the records that a caller fills, where most fields may be left out: what must be there is a parameter of
 * the method, and null is refused by name.
 *
 * <pre>{@code
 * NewCustomer customer = Builders.newCustomer("杭州云帆科技有限公司").level("a").phones("0571-88001234").build();
 * }</pre>
 */
public final class Builders {
    private Builders() {}

    /** A customer to be created. */
    public static NewCustomerBuilder newCustomer(String name) {
        return new NewCustomerBuilder(name);
    }

    /** Changes to a customer, which is at the version that was read. */
    public static CustomerEditBuilder customerEdit(long version) {
        return new CustomerEditBuilder(version);
    }

    /** Which customers of a view. */
    public static CustomerFilterBuilder customerFilter() {
        return new CustomerFilterBuilder();
    }

    /** A page of a list; the first of 20 unless said otherwise. */
    public static PageRequestBuilder pageRequest() {
        return new PageRequestBuilder();
    }

    /** A contact to be added. */
    public static NewContactBuilder newContact(String name) {
        return new NewContactBuilder(name);
    }

    /** Changes to a contact, which is at the version that was read. */
    public static ContactEditBuilder contactEdit(long version) {
        return new ContactEditBuilder(version);
    }

    /** A follow-up to be noted. */
    public static NewFollowUpBuilder newFollowUp(String content) {
        return new NewFollowUpBuilder(content);
    }

    /** Which follow-ups. */
    public static FollowUpQueryBuilder followUpQuery(FollowUps of) {
        return new FollowUpQueryBuilder(of);
    }

    /** Where a follow-up took place. */
    public static PlaceBuilder place() {
        return new PlaceBuilder();
    }

    /** A hand-over to another owner. */
    public static TransferBuilder transfer(String to) {
        return new TransferBuilder(to);
    }

    /** Who is to see or edit a customer. */
    public static ShareInputBuilder shareInput(ShareRight right) {
        return new ShareInputBuilder(right);
    }

    /** A user of the host, active unless said otherwise. */
    public static PersonInputBuilder personInput(String id, String name) {
        return new PersonInputBuilder(id, name);
    }

    /** A post of the host's organisation chart. */
    public static PositionInputBuilder positionInput(String id, String name) {
        return new PositionInputBuilder(id, name);
    }

    /** A role and its rights. */
    public static RoleInputBuilder roleInput(String id, String name) {
        return new RoleInputBuilder(id, name);
    }

    /** An entry of a dictionary. */
    public static DictionaryEntryInputBuilder dictionaryEntryInput(String dictionary, String code, String label, int order) {
        return new DictionaryEntryInputBuilder(dictionary, code, label, order);
    }

    /** Settings, beginning with those that were read. */
    public static SettingsBuilder settings(Settings from) {
        return new SettingsBuilder(Objects.requireNonNull(from, "from"));
    }

    /** What the host gives beside a place for the rows. */
    public static CrmOptionsBuilder crmOptions() {
        return new CrmOptionsBuilder();
    }
}
