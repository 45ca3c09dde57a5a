package host;

import oa.crm.Crm;
import oa.crm.CrmException;
import oa.crm.Customer;
import oa.crm.java.Builders;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** An order and its customer, kept or lost together. */
@Service
class Orders {
    private final Crm crm;
    private final JdbcTemplate jdbc;

    Orders(Crm crm, JdbcTemplate jdbc) {
        this.crm = crm;
        this.jdbc = jdbc;
    }

    /** Takes an order of somebody new. */
    @Transactional
    public Customer take(String user, String number, String customer) {
        Customer created = crm.asUser(HostApplication.ORGANISATION, user)
                .createCustomer(Builders.newCustomer(customer).build());
        jdbc.update("INSERT INTO host_order (number, customer) VALUES (?, ?)", number, created.getId());
        return created;
    }

    /** Takes an order whether or not the CRM agrees to the customer: a refusal leaves the transaction as it was. */
    @Transactional
    public boolean takeAnyway(String user, String number, String customer) {
        String id = "";
        try {
            id = crm.asUser(HostApplication.ORGANISATION, user)
                    .createCustomer(Builders.newCustomer(customer).build()).getId();
        } catch (CrmException.Invalid | CrmException.Refused | CrmException.Conflict refusal) {
            // The order counts; somebody will look after the customer.
        }
        jdbc.update("INSERT INTO host_order (number, customer) VALUES (?, ?)", number, id);
        return !id.isEmpty();
    }
}
