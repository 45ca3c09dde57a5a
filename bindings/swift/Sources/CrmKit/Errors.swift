import Foundation

extension CoreError {
    /// The stable code to branch on.
    public var code: String { errorFacts(error: self).problem.code }

    /// What the code speaks of, by name.
    public var data: [String: String] { errorFacts(error: self).problem.data }

    /// What is wrong with the input, field by field.
    public var violations: [Violation] { errorFacts(error: self).problem.violations }

    /// What it says to a person.
    public func text(_ language: Language) -> String {
        let facts = errorFacts(error: self)
        switch language {
        case .chinese: return facts.chinese
        default: return facts.problem.title
        }
    }

    /// As problem details (RFC 9457) in JSON: the body for a host that answers over HTTP.
    public func problem(_ language: Language) throws -> String {
        try problemJson(error: self, language: language)
    }
}
