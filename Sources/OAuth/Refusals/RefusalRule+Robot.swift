extension RefusalRule {
    public static let robotWish = RefusalRule(
        "robot_can_do_it", .invalidRequest, "The robot customer can do what the app tells it", "RFC 6749 §4.1.2.1", parameter: "sandbox_customer",
        advice: "Read the documentation of the sandbox: the robot is one of its five customers, and chooses among that customer’s own accounts.")
    public static let robotProof = RefusalRule(
        "robot_asked_by_app", .invalidRequest, "Only the app itself tells the robot customer what to do", "RFC 9126 §2.1", parameter: "sandbox_customer",
        advice: "Push the request with the app’s credentials, or sign it: what stands in an address may come from anybody.")
    public static let robotMeant = RefusalRule(
        "robot_is_who_is_meant", .loginRequired, "The robot is the customer whom the request asks for", "OpenID Connect Core §3.1.2.1, §5.5.1",
        parameter: "sandbox_customer", advice: "Name in sandbox_customer the customer of the sub or the id_token_hint, or leave these out.")

    static let robot = [robotWish, robotProof, robotMeant]
}
