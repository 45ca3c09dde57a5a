import Dispatch

/// Calls block, so they wait on threads of their own and not on those of Swift's cooperative pool.
private let calls = DispatchQueue(label: "oa.crm.calls", attributes: .concurrent)

private func waiting<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        calls.async {
            continuation.resume(with: Result(catching: work))
        }
    }
}

extension Session {
    /// Calls without blocking the task:
    ///
    ///     let customer = try await alice.io { try $0.createCustomer(customer: NewCustomer(name: "Acme")) }
    ///
    /// Several calls in one block stay on one thread. What has begun is carried out whole, whether the task is
    /// cancelled or not.
    public func io<T: Sendable>(_ calls: @escaping @Sendable (Session) throws -> T) async throws -> T {
        try await waiting { try calls(self) }
    }
}

extension Crm {
    /// As `Session.io`, for what is done with the CRM itself.
    public func io<T: Sendable>(_ calls: @escaping @Sendable (Crm) throws -> T) async throws -> T {
        try await waiting { try calls(self) }
    }
}
