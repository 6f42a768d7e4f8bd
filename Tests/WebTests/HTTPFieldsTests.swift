import HTTPTypes
import Testing
import Web

@Suite("Fields")
struct HTTPFieldsTests {
    @Test func `a field that is set stands behind the others, or in the place of all of its name`() {
        var fields: HTTPFields = [.contentType: "text/plain"]
        fields.set("1", for: .requestID)
        #expect(fields.map(\.value) == ["text/plain", "1"])

        fields.append(HTTPField(name: HTTPField.Name("x-request-ID")!, value: "2"))
        fields.set("3", for: .requestID)
        #expect(fields.map(\.value) == ["text/plain", "3"])
    }

    @Test func `the value of a name is its only line, or all of them together`() {
        var fields: HTTPFields = [.accept: "text/html"]
        #expect(fields.value(of: .accept) == "text/html")
        #expect(fields.value(of: .acceptLanguage) == nil)

        fields.append(HTTPField(name: .accept, value: "application/json"))
        #expect(fields.value(of: .accept) == "text/html, application/json")
    }
}
