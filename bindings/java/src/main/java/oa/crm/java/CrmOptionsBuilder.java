package oa.crm.java;

import oa.crm.LogLevel;
import oa.crm.ffi.CrmOptions;
import oa.crm.ffi.HostDirectory;
import oa.crm.ffi.HostEnvironment;
import oa.crm.ffi.HostLog;

/** What the host gives beside a place for the rows. */
public final class CrmOptionsBuilder {
    private HostEnvironment environment;
    private HostDirectory directory;
    private HostLog log;
    private LogLevel logLevel;

    CrmOptionsBuilder() {}

    public CrmOptionsBuilder environment(HostEnvironment environment) {
        this.environment = environment;
        return this;
    }

    public CrmOptionsBuilder directory(HostDirectory directory) {
        this.directory = directory;
        return this;
    }

    public CrmOptionsBuilder log(HostLog log) {
        this.log = log;
        return this;
    }

    public CrmOptionsBuilder logLevel(LogLevel logLevel) {
        this.logLevel = logLevel;
        return this;
    }

    public CrmOptions build() {
        return new CrmOptions(environment, directory, log, logLevel);
    }
}
