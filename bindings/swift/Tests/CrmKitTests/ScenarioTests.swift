import Foundation
import XCTest

@testable import CrmKit

/// The scenarios of `tests/scenarios`, through `dispatch`, byte by byte.
final class ScenarioTests: XCTestCase {
    private final class Counted: HostEnvironment, @unchecked Sendable {
        private let lock = NSLock()
        private var millis: Int64 = 1_795_395_600_000
        private var draws: UInt64 = 0

        func advance(_ by: Int64) {
            lock.lock()
            defer { lock.unlock() }
            millis += by
        }

        func now() throws -> Timestamp {
            lock.lock()
            defer { lock.unlock() }
            return Date(timeIntervalSince1970: Double(millis) / 1000)
        }

        func entropy() throws -> Data {
            lock.lock()
            defer { lock.unlock() }
            var bytes = Data(count: 8)
            withUnsafeBytes(of: draws.bigEndian) { bytes.append(contentsOf: $0) }
            draws += 1
            return bytes
        }
    }

    private let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appendingPathComponent("../../../../tests/scenarios").standardizedFileURL

    func testScenarios() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let names = files.filter { $0.hasSuffix(".calls.jsonl") }.map { String($0.dropLast(".calls.jsonl".count)) }
        XCTAssertGreaterThan(names.count, 10)
        for name in names.sorted() { try replay(name) }
    }

    private func lines(_ file: String) throws -> [String] {
        let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    private func replay(_ name: String) throws {
        let environment = Counted()
        let crm = Crm.inMemory(options: CrmOptions(environment: environment))
        defer { crm.close() }
        let expected = try lines("\(name).answers.jsonl")
        var answers: [String] = []
        for (place, line) in try lines("\(name).calls.jsonl").enumerated() {
            let call = try XCTUnwrap(try json(line) as? [String: Any])
            environment.advance((call["advance"] as? NSNumber)?.int64Value ?? 0)
            let answer = try self.answer(crm, call, answers)
            XCTAssertEqual(answer, expected[place], "\(name):\(place + 1): \(line)")
            answers.append(answer)
        }
    }

    private func answer(_ crm: Crm, _ call: [String: Any], _ answers: [String]) throws -> String {
        let caller = Caller(
            organisation: "acme", user: call["as"] as? String, systemReason: call["system"] as? String,
            idempotencyKey: call["key"] as? String, correlationId: call["correlation"] as? String)
        let operation = try XCTUnwrap(call["call"] as? String)
        do {
            let input: String
            if let raw = call["raw"] as? String {
                input = raw
            } else {
                let with = try resolved(call["with"] ?? [String: Any](), answers)
                input = String(decoding: try JSONSerialization.data(withJSONObject: with), as: UTF8.self)
            }
            return try crm.session(caller: caller).dispatch(operation: operation, json: input)
        } catch let error as CoreError {
            return "{\"error\":" + (try error.problem(.chinese)) + "}"
        }
    }

    private func json(_ text: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed])
    }

    /// With the values of earlier answers where references stand.
    private func resolved(_ value: Any, _ answers: [String]) throws -> Any {
        if let fields = value as? [String: Any] { return try fields.mapValues { try resolved($0, answers) } }
        if let items = value as? [Any] { return try items.map { try resolved($0, answers) } }
        guard let text = value as? String,
            text.range(of: "^\\$[1-9][0-9]*(/[a-z0-9_]+)+$", options: .regularExpression) != nil
        else { return value }
        let parts = text.dropFirst().split(separator: "/").map(String.init)
        let line = try XCTUnwrap(Int(parts[0]))
        var found = try json(answers[line - 1])
        for part in parts.dropFirst() {
            if let items = found as? [Any], let index = Int(part), items.indices.contains(index) {
                found = items[index]
            } else {
                found = try XCTUnwrap((found as? [String: Any])?[part], "\(text) leads nowhere")
            }
        }
        return found
    }
}
