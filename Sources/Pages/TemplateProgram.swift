/// A template with its layout and partials in place: the steps that print a page, and the bytes that stand between its values.
struct TemplateProgram: Sendable {
    enum Step: Sendable {
        /// These of the program's bytes, as they are.
        case bytes(Range<Int>)
        /// A value, escaped.
        case value(TemplatePath)
        /// The steps before `end`, for each entry of a list, or once for what is there.
        case section(TemplatePath, end: Int)
        /// The steps before `end`, when nothing is there.
        case inverted(TemplatePath, end: Int)
    }

    private(set) var steps: [Step] = []
    private var bytes: [UInt8] = []
    /// Whether the last step is one of bytes that more can be added to: where a section ended, a new step begins.
    private var endsInBytes = false

    // MARK: Putting it together

    mutating func append(_ more: ArraySlice<UInt8>) {
        let start = bytes.count
        bytes += more
        if endsInBytes, case .bytes(let range)? = steps.last {
            steps[steps.count - 1] = .bytes(range.lowerBound..<bytes.count)
        } else {
            steps.append(.bytes(start..<bytes.count))
        }
        endsInBytes = true
    }

    mutating func append(_ path: TemplatePath) {
        steps.append(.value(path))
        endsInBytes = false
    }

    /// - Returns: the section, to be ended behind its own steps.
    mutating func begin(section path: TemplatePath, isInverted: Bool) -> Int {
        steps.append(isInverted ? .inverted(path, end: steps.count) : .section(path, end: steps.count))
        endsInBytes = false
        return steps.count - 1
    }

    mutating func end(_ section: Int) {
        switch steps[section] {
        case .section(let path, _): steps[section] = .section(path, end: steps.count)
        case .inverted(let path, _): steps[section] = .inverted(path, end: steps.count)
        case .bytes, .value: break
        }
        endsInBytes = false
    }

    /// Where it looks for values.
    var paths: [TemplatePath] {
        steps.compactMap { step in
            switch step {
            case .bytes: nil
            case .value(let path), .section(let path, _), .inverted(let path, _): path
            }
        }
    }

    // MARK: Printing

    /// - Returns: the page, in UTF-8.
    func print(_ model: TemplateValue) -> [UInt8] {
        var page: [UInt8] = []
        page.reserveCapacity(bytes.count * 2)
        var scopes = [model]
        print(steps.indices, &scopes, on: &page)
        return page
    }

    /// - Parameter scopes: the model, and what each open section is about.
    private func print(_ range: Range<Int>, _ scopes: inout [TemplateValue], on page: inout [UInt8]) {
        var position = range.lowerBound
        while position < range.upperBound {
            let content = position + 1
            switch steps[position] {
            case .bytes(let range):
                page += bytes[range]
                position = content
            case .value(let path):
                HTMLText.append(Self.value(at: path, in: scopes).text, to: &page)
                position = content
            case .section(let path, let end):
                printSection(content..<end, about: Self.value(at: path, in: scopes), &scopes, on: &page)
                position = end
            case .inverted(let path, let end):
                if !Self.value(at: path, in: scopes).isThere { print(content..<end, &scopes, on: &page) }
                position = end
            }
        }
    }

    private func printSection(_ content: Range<Int>, about value: TemplateValue, _ scopes: inout [TemplateValue], on page: inout [UInt8]) {
        switch value {
        case .nothing, .flag(false): break
        case .flag(true): print(content, &scopes, on: &page)
        case .list(let entries):
            for entry in entries {
                scopes.append(entry)
                print(content, &scopes, on: &page)
                scopes.removeLast()
            }
        case .text, .fields:
            scopes.append(value)
            print(content, &scopes, on: &page)
            scopes.removeLast()
        }
    }

    private static func value(at path: TemplatePath, in scopes: [TemplateValue]) -> TemplateValue {
        switch path {
        case .innermost: scopes.last ?? .nothing
        case .own(let name): scopes.last?[name] ?? .nothing
        case .nearest(let name): nearest(name, in: scopes)
        case .part(let name, let whole): nearest(whole, in: scopes)[name]
        }
    }

    private static func nearest(_ name: TemplateName, in scopes: [TemplateValue]) -> TemplateValue {
        for scope in scopes.reversed() {
            if case let value = scope[name], !value.isNothing { return value }
        }
        return .nothing
    }
}
