import JSON

/// A page of a list: the contract's `data` and its schema `Links`.
struct PageAnswer {
    let data: [JSONObject]
    let links: PageLinks

    var json: JSONObject { JSONObject([("data", .array(data.map(JSONValue.object))), ("links", .object(links.json))]) }
}

/// The addresses of this page and of the one behind it.
struct PageLinks {
    let current: String
    var next: String?

    var json: JSONObject {
        var links = JSONObject([("self", .string(current))])
        links.append("next", next)
        return links
    }
}
