package oa.crm.java;

import java.util.Objects;
import oa.crm.ContractSettings;
import oa.crm.FollowUpSettings;
import oa.crm.NameRule;
import oa.crm.ReportSettings;
import oa.crm.Settings;

/** Settings, beginning with those that were read. */
public final class SettingsBuilder {
    private String timeZone;
    private NameRule sameName;
    private String customerNumber;
    private int recycleBinDays;
    private FollowUpSettings followUp;
    private ContractSettings contract;
    private ReportSettings report;
    private final long version;

    SettingsBuilder(Settings from) {
        timeZone = from.getTimeZone();
        sameName = from.getSameName();
        customerNumber = from.getCustomerNumber();
        recycleBinDays = from.getRecycleBinDays();
        followUp = from.getFollowUp();
        contract = from.getContract();
        report = from.getReport();
        version = from.getVersion();
    }

    public SettingsBuilder timeZone(String timeZone) {
        this.timeZone = Objects.requireNonNull(timeZone, "timeZone");
        return this;
    }

    public SettingsBuilder sameName(NameRule sameName) {
        this.sameName = Objects.requireNonNull(sameName, "sameName");
        return this;
    }

    public SettingsBuilder customerNumber(String customerNumber) {
        this.customerNumber = Objects.requireNonNull(customerNumber, "customerNumber");
        return this;
    }

    public SettingsBuilder recycleBinDays(int recycleBinDays) {
        this.recycleBinDays = recycleBinDays;
        return this;
    }

    public SettingsBuilder followUp(FollowUpSettings followUp) {
        this.followUp = Objects.requireNonNull(followUp, "followUp");
        return this;
    }

    public SettingsBuilder contract(ContractSettings contract) {
        this.contract = Objects.requireNonNull(contract, "contract");
        return this;
    }

    public SettingsBuilder report(ReportSettings report) {
        this.report = Objects.requireNonNull(report, "report");
        return this;
    }

    public Settings build() {
        return new Settings(timeZone, sameName, customerNumber, recycleBinDays, followUp, contract, report, version);
    }
}
