import Foundation

extension Crm {
    /// A person of an organisation, at work. Make one per request.
    ///
    /// - Parameters:
    ///   - idempotencyKey: 1 to 100 characters, under which the next command happens once.
    ///   - correlationId: the host's request, as it stands in history, events and log.
    public func asUser(
        _ organisation: String, _ user: String, idempotencyKey: String? = nil, correlationId: String? = nil
    ) throws -> Session {
        try session(
            caller: Caller(
                organisation: organisation, user: user, idempotencyKey: idempotencyKey, correlationId: correlationId))
    }

    /// The host itself, for what no person does; the reason stands in the history.
    public func asSystem(
        _ organisation: String, reason: String, idempotencyKey: String? = nil, correlationId: String? = nil
    ) throws -> Session {
        try session(
            caller: Caller(
                organisation: organisation, systemReason: reason, idempotencyKey: idempotencyKey,
                correlationId: correlationId))
    }

    /// Calls on their way end as they would; later ones are refused with the code `closed`.
    public func close() {
        closeStore()
    }

    /// Hands a CRM to some work and closes it afterwards, however the work ends.
    public func using<T>(_ work: (Crm) throws -> T) rethrows -> T {
        defer { close() }
        return try work(self)
    }
}
