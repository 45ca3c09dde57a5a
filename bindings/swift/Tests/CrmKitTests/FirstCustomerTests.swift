import Foundation
import XCTest

@testable import CrmKit

final class FirstCustomerTests: XCTestCase {
    private func founded(_ crm: Crm) throws -> Session {
        let host = try crm.asSystem("acme", reason: "set-up")
        _ = try host.createOrganisation(organisation: NewOrganisation(name: "Acme"))
        _ = try host.syncPeople(people: [PersonInput(id: "alice", name: "Alice")], mode: .delta)
        return try crm.asUser("acme", "alice")
    }

    func testACustomerIsCreatedAndFound() async throws {
        let crm = Crm.inMemory()
        defer { crm.close() }
        let alice = try founded(crm)
        let customer = try await alice.io { try $0.createCustomer(customer: NewCustomer(name: "杭州云帆科技有限公司")) }
        _ = try alice.followUp(customer: customer.id, followUp: NewFollowUp(content: "Called, offer next week"))
        let mine = try alice.customers(query: CustomerQuery(view: .mine), page: PageRequest(size: 20))
        XCTAssertEqual(mine.items.map { $0.name }, ["杭州云帆科技有限公司"])
    }

    func testARefusalHasItsCodeAndBothTexts() throws {
        let crm = Crm.inMemory()
        defer { crm.close() }
        let alice = try founded(crm)
        XCTAssertThrowsError(try alice.createCustomer(customer: NewCustomer(name: ""))) { thrown in
            guard let error = thrown as? CoreError else { return XCTFail("\(thrown)") }
            XCTAssertEqual(error.code, "invalid")
            XCTAssertEqual(error.violations.map { $0.field }, ["name"])
            XCTAssertNotEqual(error.text(.chinese), error.text(.english))
        }
    }

    func testAClosedCrmRefuses() throws {
        let crm = Crm.inMemory()
        let alice = try founded(crm)
        crm.close()
        crm.close()
        XCTAssertThrowsError(try alice.menu()) { XCTAssertEqual(($0 as? CoreError)?.code, "closed") }
    }

    func testAnInstantThatIsNoneIsRefused() throws {
        let crm = Crm.inMemory()
        defer { crm.close() }
        let alice = try founded(crm)
        let customer = try alice.createCustomer(customer: NewCustomer(name: "N"))
        for seconds in [Double.nan, Double.infinity, -Double.infinity, 1e300] {
            let at = Date(timeIntervalSince1970: seconds)
            XCTAssertThrowsError(try alice.followUp(customer: customer.id, followUp: NewFollowUp(content: "x", at: at))) {
                XCTAssertEqual(($0 as? CoreError)?.code, "invalid", "\(seconds)")
            }
        }
    }

    func testTheHostsOwnFailureIsUnavailable() throws {
        final class Broken: HostEnvironment, @unchecked Sendable {
            func now() throws -> Timestamp { throw HostError.Failed(reason: "no clock") }
            func entropy() throws -> Data { Data(count: 16) }
        }
        let crm = Crm.inMemory(options: CrmOptions(environment: Broken()))
        defer { crm.close() }
        XCTAssertThrowsError(try founded(crm)) { XCTAssertEqual(($0 as? CoreError)?.code, "unavailable") }
    }
}
