package host;

import java.util.Locale;
import oa.crm.Crm;
import oa.crm.CrmException;
import oa.crm.CrmSession;
import oa.crm.java.ProblemDetails;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/** All operations of the CRM behind one path. The user comes from the host: here from a header that its gateway sets. */
@RestController
class CrmController {
    private final Crm crm;

    CrmController(Crm crm) {
        this.crm = crm;
    }

    @PostMapping(path = "/crm/{operation}", produces = MediaType.APPLICATION_JSON_VALUE)
    String call(
            @PathVariable("operation") String operation,
            @RequestHeader("X-User") String user,
            @RequestHeader(name = "X-Request-Id", required = false) String request,
            @RequestHeader(name = "Idempotency-Key", required = false) String key,
            @RequestBody(required = false) String input) {
        CrmSession session = crm.asUser(HostApplication.ORGANISATION, user);
        if (request != null) session = session.correlated(request);
        if (key != null) session = session.idempotent(key);
        return session.dispatch(operation, input == null ? "{}" : input);
    }

    @ExceptionHandler(CrmException.class)
    ResponseEntity<String> refused(CrmException refusal, Locale locale) {
        ProblemDetails problem = ProblemDetails.of(refusal, locale);
        return ResponseEntity.status(problem.status()).contentType(MediaType.APPLICATION_PROBLEM_JSON).body(problem.json());
    }
}
