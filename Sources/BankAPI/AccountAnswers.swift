import Bank
import JSON
import Primitives

// The members of each answer stand in the contract's order and bear its names (`openapi/accounts.yaml`).

extension Money {
    var answer: JSONValue { .object(JSONObject([("amount", .string(decimal)), ("currency", .string(currency.rawValue))])) }
}

extension Account {
    var answer: JSONObject {
        JSONObject([
            ("id", .string(id.rawValue)), ("name", .string(name)), ("kind", .string(kind.rawValue)), ("currency", .string(currency.rawValue)),
            ("masked_number", .string(maskedNumber)), ("status", .string(status.rawValue)),
        ])
    }

    var detailedAnswer: JSONObject {
        var answer = answer
        answer.append("number", .string(number))
        answer.append("holder", .string(holderNames.first ?? ""))
        answer.append("joint_holders", .array(holderNames.dropFirst().map(JSONValue.string)))
        answer.append("opened_at", .string(openedAt.rfc3339))
        return answer
    }
}

extension Balance {
    var answer: JSONObject {
        JSONObject([
            ("account_id", .string(accountID.rawValue)), ("booked", booked.answer), ("available", available.answer), ("as_of", .string(asOf.rfc3339)),
        ])
    }
}

extension BankTransaction {
    /// - Parameter isDetailed: whether the consent holds ReadTransactionsDetail; without it nobody learns what it was for.
    func answer(isDetailed: Bool) -> JSONObject {
        var answer = JSONObject([
            ("id", .string(id.rawValue)), ("account_id", .string(accountID.rawValue)), ("amount", amount.answer),
            ("direction", .string(direction.rawValue)), ("status", .string(status.rawValue)), ("booked_at", .string(bookedAt.rfc3339)),
            ("value_at", .string(valueAt.rfc3339)),
        ])
        answer.append("pending_id", pendingID?.rawValue)
        guard isDetailed else { return answer }
        answer.append("description", description)
        answer.append("counterparty", counterparty?.name)
        answer.append("category", .string(category.rawValue))
        return answer
    }
}
