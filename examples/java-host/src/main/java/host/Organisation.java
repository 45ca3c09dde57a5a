package host;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import oa.crm.Crm;
import oa.crm.CrmException;
import oa.crm.CrmSession;
import oa.crm.NewOrganisation;
import oa.crm.PersonInput;
import oa.crm.PositionInput;
import oa.crm.SyncMode;
import oa.crm.java.Builders;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Carries departments and users over to the CRM's positions and people, and lets it do what time causes. */
@Service
class Organisation {
    private final Crm crm;
    private final JdbcTemplate jdbc;

    Organisation(Crm crm, JdbcTemplate jdbc) {
        this.crm = crm;
        this.jdbc = jdbc;
    }

    private CrmSession system(String reason) {
        return crm.asSystem(HostApplication.ORGANISATION, reason);
    }

    @EventListener(ApplicationReadyEvent.class)
    void found() {
        try {
            system("start").createOrganisation(new NewOrganisation("Acme", null, null));
        } catch (CrmException.Refused there) {
            if (!there.getCode().equals("organisation_exists")) throw there;
        }
    }

    /** Whoever changes the chart calls this in the same transaction: chart and positions change together. */
    @Transactional
    public void sync() {
        CrmSession system = system("organisation chart");
        List<PersonInput> people = jdbc.query("SELECT id, name, active FROM host_user ORDER BY id",
                (row, n) -> Builders.personInput(row.getString(1), row.getString(2)).active(row.getInt(3) == 1).build());
        system.syncPeople(people, SyncMode.WHOLE);
        Map<String, List<String>> holders = jdbc.queryForList("SELECT department, id FROM host_user WHERE active = 1")
                .stream().collect(Collectors.groupingBy(row -> row.get("department").toString(),
                        Collectors.mapping(row -> row.get("id").toString(), Collectors.toList())));
        List<PositionInput> positions = jdbc.query("SELECT id, name, parent FROM host_department ORDER BY id",
                (row, n) -> Builders.positionInput(row.getString(1), row.getString(2)).parent(row.getString(3))
                        .holders(holders.getOrDefault(row.getString(1), List.of())).build());
        system.syncPositions(positions, SyncMode.WHOLE, false);
    }

    @Scheduled(fixedDelayString = "${host.tick-every:60000}")
    void tick() {
        crm.tickAll();
    }
}
