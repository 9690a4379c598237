//! The first user at several instances: each has a link of its own, and one of two people is the first.

use serde_json::json;

use crate::fleet::Fleet;
use crate::harness::{Database, Request, server_needed};

#[test]
fn two_links_of_two_instances_make_one_user() {
    // A log that people read, in which the link is said.
    let database = Database::on(&server_needed());
    let fleet = Fleet::on(database, 2, |home| home.set("log", "format", "text"));
    let tickets: Vec<String> = fleet
        .servers
        .iter()
        .map(|server| {
            let line = server.says("make the first user: ");
            let (_, ticket) = line.split_once("?ticket=").expect("it is a link");
            ticket.trim().to_owned()
        })
        .collect();
    let first = |ticket: usize, email: &str| {
        let body = json!({ "ticket": tickets[ticket], "email": email, "name": "Dewi",
            "password": "correct horse battery" });
        Request::post("/v1/users/first", &body)
    };
    // Another instance's link is none here.
    let foreign = fleet.client(0).call(&first(1, "eve@example.com"));
    assert_eq!(foreign.refused(401), "ticket_invalid");
    let answers = fleet.at_once(2, |number, client| {
        let answer = client.call(&first(number, &format!("{number}@example.com")));
        (answer.status, answer.json()["code"].clone())
    });
    let mut answers: Vec<String> = answers
        .iter()
        .map(|(status, code)| format!("{status} {}", code.as_str().unwrap_or_default()))
        .collect();
    answers.sort();
    assert_eq!(answers, ["201 ", "409 first_user_exists"]);
    assert_eq!(fleet.client(0).list("/v1/users").len(), 1);
}
