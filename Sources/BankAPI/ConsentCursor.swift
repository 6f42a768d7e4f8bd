import Primitives

/// Where a page of consents ends: the last one's id, spelled so that nobody builds on it.
struct ConsentCursor {
    let id: ConsentID

    init(id: ConsentID) { self.id = id }

    init?(_ text: String) {
        guard let bytes = Base64URL.decode(text), let id = ConsentID(String(decoding: bytes, as: UTF8.self)) else { return nil }
        self.id = id
    }

    var text: String { Base64URL.encode(id.rawValue.utf8) }
}
