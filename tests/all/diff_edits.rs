//! `rules diff` between a page and edited copies of it: exactly the edit is told, and what is none is not.

use super::harness::{folder, pktaudit, write};

const HEAD: &str = "<html><body><h1>Acme</h1><table><tr><th>Source</th><th>Service</th><th>Region</th><th>FQDN</th><th>Port</th>\
                    <th>Protocol</th><th>Notes</th></tr>\n";
const ROWS: [&str; 4] = [
    "<tr><td>Agents</td><td>Updates</td><td>All</td><td>u1.acme.example<br>u2.acme.example</td><td>443</td><td>TCP</td><td></td></tr>\n",
    "<tr><td>Agents</td><td>Login</td><td>Japan</td><td>login.acme.example</td><td>443</td><td>TCP</td><td></td></tr>\n",
    "<tr><td>Agents</td><td>Data</td><td>All</td><td>192.0.2.0/24</td><td>9000</td><td>TCP</td><td></td></tr>\n",
    "<tr><td>Relays</td><td>Cache</td><td>All</td><td>*.cdn.acme.example</td><td>80, 443</td><td>TCP</td><td></td></tr>\n",
];
const FOOT: &str = "</table></body></html>";

/// What is replaced by what, and what is told: `action destination: was -> now`.
const EDITS: [(&str, &str, &str, &[&str]); 15] = [
    (
        "a name more",
        "u2.acme.example",
        "u2.acme.example<br>u3.acme.example",
        &["open u3.acme.example:  -> 443/tcp from agent"],
    ),
    (
        "a name less",
        "<br>u2.acme.example",
        "",
        &["close u2.acme.example: 443/tcp from agent -> "],
    ),
    (
        "another name",
        "login.acme",
        "signin.acme",
        &[
            "open signin.acme.example:  -> 443/tcp from agent in japan",
            "close login.acme.example: 443/tcp from agent in japan -> ",
        ],
    ),
    (
        "another port",
        ">9000<",
        ">9001<",
        &["change 192.0.2.0/24: 9000/tcp from agent -> 9001/tcp from agent"],
    ),
    (
        "more ports",
        ">9000<",
        ">9000-9003<",
        &["change 192.0.2.0/24: 9000/tcp from agent -> 9000-9003/tcp from agent"],
    ),
    (
        "another protocol",
        "<td>9000</td><td>TCP",
        "<td>9000</td><td>UDP",
        &["change 192.0.2.0/24: 9000/tcp from agent -> 9000/udp from agent"],
    ),
    (
        "another region",
        ">Japan<",
        ">Europe<",
        &["change login.acme.example: 443/tcp from agent in japan -> 443/tcp from agent in europe"],
    ),
    (
        "another source",
        "<td>Relays",
        "<td>Gateways",
        &["change *.cdn.acme.example: 80,443/tcp from relay -> 80,443/tcp from gateway"],
    ),
    ("another name of the service", ">Login<", ">Sign-in<", &[]),
    (
        "a wider network",
        "192.0.2.0/24",
        "192.0.2.0/23",
        &[
            "open 192.0.2.0/23:  -> 9000/tcp from agent",
            "close 192.0.2.0/24: 9000/tcp from agent -> ",
        ],
    ),
    (
        "a narrower network",
        "192.0.2.0/24",
        "192.0.2.0/25",
        &[
            "close 192.0.2.0/24: 9000/tcp from agent -> ",
            "covered 192.0.2.0/25:  -> 9000/tcp from agent",
        ],
    ),
    (
        "a wildcard for names",
        "u1.acme.example<br>u2.acme.example",
        "*.up.acme.example",
        &[
            "open *.up.acme.example:  -> 443/tcp from agent",
            "close u1.acme.example: 443/tcp from agent -> ",
            "close u2.acme.example: 443/tcp from agent -> ",
        ],
    ),
    (
        "a name below a wildcard",
        "*.cdn.acme.example",
        "*.cdn.acme.example<br>a.cdn.acme.example",
        &["covered a.cdn.acme.example:  -> 80,443/tcp from relay"],
    ),
    (
        "a condition",
        "login.acme.example</td><td>443</td><td>TCP</td><td></td>",
        "login.acme.example</td><td>443</td><td>TCP</td><td>Only required if SSO is on</td>",
        &["note login.acme.example:  -> "],
    ),
    (
        "a row less",
        ROWS[2],
        "",
        &["close 192.0.2.0/24: 9000/tcp from agent -> "],
    ),
];

fn told(old: &str, new: &str) -> Vec<String> {
    let ran = pktaudit(["rules", "diff", "-q", "--format", "json", old, new]).run();
    let opens = |told: &[String]| {
        told.iter()
            .any(|one| one.starts_with("open") || one.starts_with("change"))
    };
    let changes = ran.json();
    let list = changes["changes"].as_array().unwrap().iter();
    let told: Vec<String> = list
        .map(|change| {
            let words = |key: &str| {
                let list = change[key].as_array().unwrap().iter();
                list.map(|one| one.as_str().unwrap())
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            format!(
                "{} {}: {} -> {}",
                change["action"].as_str().unwrap(),
                change["destination"].as_str().unwrap(),
                words("was"),
                words("now")
            )
        })
        .collect();
    assert_eq!(ran.status, i32::from(opens(&told)), "{told:?}");
    told
}

#[test]
fn each_edit_is_told_and_nothing_else() {
    let folder = folder();
    let page = format!("{HEAD}{}{FOOT}", ROWS.concat());
    let old = write(&folder, "old.html", &page);
    for (what, before, after, expected) in EDITS {
        assert!(page.contains(before), "{what}");
        let new = write(&folder, "new.html", page.replace(before, after));
        assert_eq!(told(&old, &new), expected, "{what}");
    }
}

#[test]
fn rows_that_move_or_stand_twice_are_no_change() {
    let folder = folder();
    let old = write(
        &folder,
        "old.html",
        format!("{HEAD}{}{FOOT}", ROWS.concat()),
    );
    let turned: String = ROWS.iter().rev().copied().collect();
    let twice = ROWS.concat() + ROWS[1];
    for rows in [turned, twice] {
        let new = write(&folder, "new.html", format!("{HEAD}{rows}{FOOT}"));
        assert_eq!(told(&old, &new), [""; 0]);
    }
}
