extension RefusalRule {
    public static let robotWish = RefusalRule(
        "robot_can_do_it", .invalidRequest, "The robot customer can do what the app tells it", "RFC 6749 §4.1.2.1", parameter: "sandbox_customer",
        advice: "Read the documentation of the sandbox: the robot is one of its five customers, and chooses among that customer’s own accounts.")
    public static let robotProof = RefusalRule(
        "robot_asked_by_app", .invalidRequest, "Only the app itself tells the robot customer what to do", "RFC 9126 §2.1", parameter: "sandbox_customer",
        advice: "Push the request with the app’s credentials, or sign it: what stands in an address may come from anybody.")

    static let robot = [robotWish, robotProof]
}
