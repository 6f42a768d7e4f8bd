import Hummingbird
import Pages
import Web

/// `/`: what this is.
struct LandingPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/") { request, context in
            try await site.page(request, context) { (visitor: Visitor) in
                let model = Model(customers: Customer.all, isSignedIn: visitor.session != nil, isDemo: site.isDemo, example: Self.example(context.issuer))
                return site.pages.page("portal/landing", model, shell: visitor.shell("Build with your customers’ accounts, with their consent", width: .wide))
            }
        }
    }

    struct Model: Encodable {
        let customers: [Customer]
        let isSignedIn, isDemo: Bool
        let example: Code
    }

    private static func example(_ issuer: Issuer) -> Code {
        Code(
            "Example: read a balance",
            """
            # One call, once Amina has said yes
            curl \(issuer.text.replacing("http://", with: ""))/v1/accounts/acc_4417/balance \\
              -H "Authorization: Bearer $TOKEN"

            # 200 OK · X-Request-Id: req_7Hq2
            {
              "account_id": "acc_4417",
              "booked": { "amount": "86460.55", "currency": "KES" },
              "available": { "amount": "84210.55", "currency": "KES" },
              "as_of": "2026-11-21T06:14:09Z"
            }
            """)
    }
}
