package host;

import javax.sql.DataSource;
import oa.crm.Crm;
import oa.crm.java.Builders;
import oa.crm.java.Slf4jLog;
import oa.crm.jdbc.JdbcExecutor;
import oa.crm.jdbc.SpringConnections;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.annotation.EnableScheduling;

/** A small OA: departments, users and orders of its own, and the CRM in the same database. */
@SpringBootApplication
@EnableScheduling
public class HostApplication {
    /** The organisation that this host serves. */
    static final String ORGANISATION = "acme";

    public static void main(String[] arguments) {
        SpringApplication.run(HostApplication.class, arguments);
    }

    /** Its tables are made here, before any transaction of the host. */
    @Bean(destroyMethod = "close")
    Crm crm(DataSource source) {
        return Crm.onHost(new JdbcExecutor(new SpringConnections(source)), null,
                Builders.crmOptions().log(new Slf4jLog()).build());
    }
}
