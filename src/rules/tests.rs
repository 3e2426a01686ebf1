//! What the matcher answers: meanings of vendor pages one by one, then against a plain matcher on random rules.

use std::net::IpAddr;

use proptest::prelude::*;

use super::requirement::PathFit;
use super::*;
use crate::model::{CaptureTime, Fqdn, Transport};

const HEAD: &str =
    "format = 1\n[document]\nid = \"d\"\nunstated-ports = [443]\nunstated-transport = \"tcp\"\n";

fn text(name: &str, text: &str) -> RuleText {
    RuleText {
        name: format!("{name}.toml"),
        text: text.to_owned(),
    }
}

fn library(files: &[&str]) -> Library {
    let texts: Vec<RuleText> = files.iter().map(|f| text("d", f)).collect();
    check(&texts).map_err(|p| render_all(&p, false)).unwrap().0
}

fn rule_set(body: &str, site: &str) -> RuleSet {
    compiled(
        library(&[&format!("{HEAD}{body}")]),
        site,
        &Choices::default(),
    )
}

fn compiled(library: Library, site: &str, choices: &Choices) -> RuleSet {
    let site = match site {
        "" => None,
        site => Some(
            check_site(&text("site", site), &library)
                .map_err(|p| render_all(&p, false))
                .unwrap()
                .0,
        ),
    };
    let profile = Profile::new(&library, site.as_ref(), choices)
        .map_err(|p| render_all(&p, false))
        .unwrap();
    RuleSet::compile(library, &profile)
}

/// A flow in words: `initiator > responder:port/transport name`.
struct Flow {
    initiator: IpAddr,
    responder: IpAddr,
    port: u16,
    transport: Transport,
    names: Vec<Fqdn>,
    path: Option<String>,
    day: jiff::civil::Date,
}

fn flow(words: &str) -> Flow {
    let (initiator, rest) = words.split_once(" > ").unwrap();
    let mut parts = rest.split(' ');
    let (responder, service) = parts.next().unwrap().rsplit_once(':').unwrap();
    let (port, transport) = service.split_once('/').unwrap_or((service, "tcp"));
    Flow {
        initiator: initiator.parse().unwrap(),
        responder: responder.parse().unwrap(),
        port: port.parse().unwrap(),
        transport: if transport == "udp" {
            Transport::Udp
        } else {
            Transport::Tcp
        },
        names: parts.map(|n| Fqdn::parse(n).unwrap()).collect(),
        path: None,
        day: jiff::civil::date(2026, 11, 21),
    }
}

impl Flow {
    fn ask(&self, set: &RuleSet) -> Assessment {
        let names: Vec<&Fqdn> = self.names.iter().collect();
        set.assess(&self.subject(&names), &mut Scratch::default())
    }

    fn subject<'a>(&'a self, names: &'a [&'a Fqdn]) -> Subject<'a> {
        let (time, _) = Validity {
            from: Some(self.day),
            until: None,
        }
        .bounds();
        Subject {
            initiator: self.initiator,
            responder: self.responder,
            port: self.port,
            transport: self.transport,
            names,
            path: self.path.as_deref(),
            time,
        }
    }
}

/// Ids without the document of the requirements that cover.
fn covers(set: &RuleSet, words: &str) -> Vec<String> {
    let ids = flow(words)
        .ask(set)
        .covers
        .into_iter()
        .map(|c| local(set, c.requirement));
    ids.collect()
}

/// `id: misfit, misfit` of the requirements that nearly cover.
fn misses(set: &RuleSet, words: &str) -> Vec<String> {
    let misses = flow(words).ask(set).misses.into_iter();
    misses
        .map(|m| {
            format!(
                "{}: {}",
                local(set, m.requirement),
                m.misfits
                    .iter()
                    .map(Mismatch::to_string)
                    .collect::<Vec<_>>()
                    .join("; ")
            )
        })
        .collect()
}

fn local(set: &RuleSet, at: RequirementIndex) -> String {
    set.requirements()[at.index()]
        .id
        .split_once('/')
        .unwrap()
        .1
        .to_owned()
}

fn activity(set: &RuleSet, id: &str) -> Activity {
    set.activity(set.library().find(id).unwrap())
}

const ROLES: &str = "[roles.agent]\naliases = [\"sensor\"]\n[roles.relay]\ninherits = [\"agent\"]\noptional = true\n[roles.dns-server]\n";
const SITE: &str =
    "[roles]\nagent = [\"10.1.0.0/24\"]\nrelay = [\"10.1.0.9\"]\ndns-server = [\"10.1.9.53\"]\n";

#[test]
fn names_ports_and_transports_decide() {
    let set = rule_set(
        &format!(
            "{ROLES}[[requirement]]\nid = \"a\"\nfrom = [\"agent\"]\nto = [\"api.example.com\", \"*.cdn.example.com\", \"*pool.example.net\"]\nports = [443, \"8000-8010\"]\ntransport = \"tcp\"\n"
        ),
        SITE,
    );
    for name in [
        "api.example.com",
        "x.cdn.example.com",
        "x.y.cdn.example.com",
        "pool.example.net",
        "agent-1.pool.example.net",
        "carpool.example.net",
    ] {
        assert_eq!(
            covers(&set, &format!("10.1.0.1 > 1.2.3.4:443 {name}")),
            ["a"],
            "{name}"
        );
    }
    for name in ["cdn.example.com", "xapi.example.com", "pool.example.com"] {
        assert!(
            covers(&set, &format!("10.1.0.1 > 1.2.3.4:443 {name}")).is_empty(),
            "{name}"
        );
    }
    assert_eq!(
        covers(&set, "10.1.0.1 > 1.2.3.4:8005 api.example.com"),
        ["a"]
    );
    assert_eq!(
        misses(&set, "10.1.0.1 > 1.2.3.4:80 api.example.com"),
        ["a: wrong port: 443,8000-8010 is listed"]
    );
    assert_eq!(
        misses(&set, "10.1.0.1 > 1.2.3.4:443/udp api.example.com"),
        ["a: wrong transport: tcp is listed"]
    );
    assert_eq!(
        misses(&set, "10.2.0.1 > 1.2.3.4:443 api.example.com"),
        ["a: covered for agent, and this host is none"]
    );
}

#[test]
fn unstated_ports_are_assumed_and_the_assumption_is_told() {
    let set = rule_set(
        "[[requirement]]\nid = \"a\"\nto = [\"api.example.com\"]\n",
        "",
    );
    let answer = flow("10.1.0.1 > 1.2.3.4:443 api.example.com").ask(&set);
    assert!(answer.covers[0].port_unstated);
    let missed = misses(&set, "10.1.0.1 > 1.2.3.4:8443 api.example.com");
    assert_eq!(
        missed,
        ["a: wrong port: 443 is listed (port not stated by the page)"]
    );
}

#[test]
fn a_relay_is_an_agent_and_an_agent_no_relay() {
    let body = format!(
        "{ROLES}[[requirement]]\nid = \"agents\"\nfrom = [\"agent\"]\nto = [\"a.example.com\"]\n[[requirement]]\nid = \"relays\"\nfrom = [\"relay\"]\nto = [\"a.example.com\"]\n[[requirement]]\nid = \"listen\"\nfrom = [{{ cidr = \"34.205.5.0/27\" }}]\nto = [\"role:agent\"]\nports = [4118]\n"
    );
    let set = rule_set(&body, SITE);
    assert_eq!(
        covers(&set, "10.1.0.9 > 1.2.3.4:443 a.example.com"),
        ["agents", "relays"]
    );
    assert_eq!(
        covers(&set, "10.1.0.8 > 1.2.3.4:443 a.example.com"),
        ["agents"]
    );
    assert_eq!(covers(&set, "34.205.5.31 > 10.1.0.9:4118"), ["listen"]);
    assert_eq!(
        misses(&set, "34.205.5.32 > 10.1.0.9:4118"),
        ["listen: covered for 34.205.5.0/27, and this host is none"]
    );
    // The prefix is a source: traffic to it is not covered.
    assert!(covers(&set, "10.1.0.8 > 34.205.5.3:4118").is_empty());
}

#[test]
fn roles_of_addresses_come_from_the_longest_prefix_and_those_above() {
    let set = rule_set(
        &format!(
            "{ROLES}[[requirement]]\nid = \"a\"\nfrom = [\"agent\"]\nto = [\"role:dns-server\"]\nports = [53]\n"
        ),
        SITE,
    );
    let profile = set.profile();
    let names = |ip: &str| {
        profile
            .roles_of(ip.parse().unwrap())
            .iter()
            .map(|r| set.library().role_name(r).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("10.1.0.9"), ["agent", "relay"]);
    assert_eq!(names("::ffff:10.1.0.9"), ["agent", "relay"]);
    assert_eq!(names("10.1.0.10"), ["agent"]);
    assert!(names("10.2.0.1").is_empty());
    assert!(profile.is_audited("10.1.0.9".parse().unwrap()));
    assert!(
        !profile.is_audited("10.1.9.53".parse().unwrap()),
        "a name server opens no listed flow"
    );
    assert_eq!(
        profile
            .addresses_of(set.library().role("agent").unwrap())
            .count(),
        2
    );
    assert!(!profile.is_default());
}

#[test]
fn without_a_site_every_private_address_is_in_every_role_but_outside_services() {
    let body = "[roles.agent]\n[roles.cloud]\nnames-from = [\"u\"]\n[[requirement]]\nid = \"a\"\nfrom = [\"agent\"]\nto = [\"role:cloud\"]\nports = [443]\n[[requirement]]\nid = \"u\"\nto = [\"c.example.com\"]\nports = [8443]\n[[requirement]]\nid = \"w\"\nfrom = [\"cloud\"]\nto = [\"role:agent\"]\nports = [4118]\n";
    let set = rule_set(body, "");
    assert!(set.profile().is_default() && set.profile().is_audited("100.64.0.1".parse().unwrap()));
    assert!(!set.profile().is_audited("100.128.0.1".parse().unwrap()));
    // The role's names are the row's, its ports the requirement's own.
    assert_eq!(covers(&set, "10.1.0.1 > 1.2.3.4:443 c.example.com"), ["a"]);
    assert_eq!(
        misses(&set, "10.1.0.1 > 1.2.3.4:443 c.example.com"),
        ["u: wrong port: 8443 is listed"]
    );
    assert!(
        covers(&set, "10.1.0.1 > 10.1.0.2:443").is_empty(),
        "no private address is the cloud"
    );
    assert!(covers(&set, "10.1.0.1 > 10.1.0.2:4118").is_empty());
    assert_eq!(
        activity(&set, "d/w"),
        Activity::NotAuditable("cloud".into())
    );
}

#[test]
fn unbound_roles_are_never_any() {
    let body = "[roles.agent]\n[roles.siem]\n[roles.relay]\noptional = true\n[[requirement]]\nid = \"a\"\nfrom = [\"agent\"]\nto = [\"role:siem\"]\nports = [514]\n[[requirement]]\nid = \"r\"\nfrom = [\"relay\"]\nto = [\"x.example.com\"]\n[[requirement]]\nid = \"lost\"\nlost = true\n";
    let set = rule_set(body, "[roles]\nagent = [\"10.1.0.0/24\"]\n");
    assert!(covers(&set, "10.1.0.1 > 10.1.9.9:514").is_empty());
    assert_eq!(activity(&set, "d/a"), Activity::NotAuditable("siem".into()));
    assert_eq!(
        activity(&set, "d/r"),
        Activity::Off("a host in role relay".into())
    );
    assert_eq!(activity(&set, "d/lost"), Activity::NoDestination);
    let named = rule_set(
        body,
        "[roles]\nagent = [\"10.1.0.0/24\"]\nsiem = [\"siem.corp.example\", \"10.1.9.9\"]\n",
    );
    assert_eq!(covers(&named, "10.1.0.1 > 10.1.9.9:514"), ["a"]);
    assert_eq!(
        covers(&named, "10.1.0.1 > 192.0.2.1:514 siem.corp.example"),
        ["a"]
    );
    assert!(named.must_see(named.library().find("d/a").unwrap()));
}

#[test]
fn templates_follow_the_region() {
    let body = "[regions]\nus-1 = { aliases = [\"usa\"] }\njp-1 = { aliases = [\"japan\"] }\n[[requirement]]\nid = \"a\"\nto = [\"*workload.<region>.example.com\"]\n[[requirement]]\nid = \"j\"\nregion = [\"japan\"]\nto = [\"j.example.com\"]\n";
    let open = rule_set(body, "");
    for region in ["us-1", "jp-1"] {
        assert_eq!(
            covers(
                &open,
                &format!("10.0.0.1 > 1.1.1.1:443 agent-1.workload.{region}.example.com")
            ),
            ["a"]
        );
    }
    assert!(
        covers(&open, "10.0.0.1 > 1.1.1.1:443 workload.de-1.example.com").is_empty(),
        "only known regions"
    );
    let usa = rule_set(body, "[site]\nregion = \"USA\"\n");
    assert_eq!(
        covers(&usa, "10.0.0.1 > 1.1.1.1:443 workload.us-1.example.com"),
        ["a"]
    );
    assert_eq!(
        misses(&usa, "10.0.0.1 > 1.1.1.1:443 workload.jp-1.example.com"),
        ["a: for another region: jp-1"]
    );
    assert_eq!(
        misses(&usa, "10.0.0.1 > 1.1.1.1:443 j.example.com"),
        ["j: for another region: jp-1"]
    );
    assert_eq!(activity(&usa, "d/j"), Activity::Off("region jp-1".into()));
    let unknown = rule_set(
        "[[requirement]]\nid = \"a\"\nto = [\"api.<region>.example.com\"]\n",
        "",
    );
    assert_eq!(
        covers(&unknown, "10.0.0.1 > 1.1.1.1:443 api.zz.example.com"),
        ["a"]
    );
    assert!(covers(&unknown, "10.0.0.1 > 1.1.1.1:443 api.a.b.example.com").is_empty());
}

#[test]
fn region_words_of_one_page_help_with_another() {
    let us = "format = 1\n[document]\nid = \"e\"\n[regions]\nus-1 = { aliases = [\"usa\"] }\n";
    let jp = "format = 1\n[document]\nid = \"j\"\nregion-scope = [\"japan\"]\n[regions]\njapan = {}\n[[requirement]]\nid = \"a\"\nto = [\"j.example.com\"]\n";
    let other = "format = 1\n[document]\nid = \"p\"\n[regions]\nunited-states = { aliases = [\"usa\"] }\n[[requirement]]\nid = \"a\"\nregion = [\"united-states\"]\nto = [\"p.example.com\"]\n";
    let choices = Choices {
        regions: vec!["us-1".into()],
        ..Choices::default()
    };
    let set = compiled(library(&[us, jp, other]), "", &choices);
    assert_eq!(activity(&set, "p/a"), Activity::On);
    assert_eq!(
        activity(&set, "j/a"),
        Activity::Off("region japan".into()),
        "a page about Japan is not about a tenant in the US"
    );
}

#[test]
fn conditions_allow_while_unknown_and_miss_while_off() {
    let body = "[features]\nscan = { default = \"unknown\" }\nlisten = { default = \"off\" }\n[[requirement]]\nid = \"a\"\nto = [\"a.example.com\"]\nneed = \"conditional\"\nwhen = [{ feature = \"scan\" }]\n[[requirement]]\nid = \"l\"\nto = [\"l.example.com\"]\nwhen = [{ feature = \"listen\" }]\n[[requirement]]\nid = \"closed\"\nto = [\"l.example.com\"]\ndeny = true\nwhen = [{ feature-off = \"listen\" }]\n";
    let set = rule_set(body, "");
    let answer = flow("10.0.0.1 > 1.1.1.1:443 a.example.com").ask(&set);
    assert_eq!(answer.covers[0].condition, Truth::Unknown);
    assert_eq!(
        activity(&set, "d/a"),
        Activity::Unknown("feature scan on".into())
    );
    assert!(!set.must_see(set.library().find("d/a").unwrap()));
    assert_eq!(
        misses(&set, "10.0.0.1 > 1.1.1.1:443 l.example.com"),
        ["l: off: needs feature listen on"]
    );
    let denied = flow("10.0.0.1 > 1.1.1.1:443 l.example.com")
        .ask(&set)
        .denied;
    assert!(denied.len() == 1 && denied[0].certain);
    let on = rule_set(body, "[features]\nscan = true\nlisten = true\n");
    assert!(on.must_see(on.library().find("d/a").unwrap()));
    assert!(
        flow("10.0.0.1 > 1.1.1.1:443 l.example.com")
            .ask(&on)
            .denied
            .is_empty()
    );
    let off = compiled(
        library(&[&format!("{HEAD}{body}")]),
        "[features]\nscan = true\n",
        &Choices {
            features_off: vec!["scan".into()],
            ..Choices::default()
        },
    );
    assert_eq!(
        activity(&off, "d/a"),
        Activity::Off("feature scan on".into()),
        "the command line goes before the site"
    );
}

#[test]
fn versions_are_per_host_then_the_sites_then_the_union() {
    let body = format!(
        "{ROLES}[[requirement]]\nid = \"new\"\nfrom = [\"agent\"]\nto = [\"x.example.com\"]\nwhen = [{{ version = {{ of = \"agent\", from = \"20.0.1541\" }} }}]\n[[requirement]]\nid = \"old\"\nfrom = [\"agent\"]\nto = [\"x.example.com\"]\nwhen = [{{ version = {{ of = \"agent\", until = \"20.0.1540\" }} }}]\n"
    );
    let site = format!(
        "{SITE}[versions]\nagent = \"20.0.0-1559\"\n[[host]]\naddress = \"10.1.0.9\"\nversions = {{ agent = \"20.0 build 1540\" }}\n"
    );
    let set = rule_set(&body, &site);
    assert_eq!(
        covers(&set, "10.1.0.9 > 1.1.1.1:443 x.example.com"),
        ["old"]
    );
    assert_eq!(
        misses(&set, "10.1.0.9 > 1.1.1.1:443 x.example.com"),
        ["new: off: needs agent 20.0.1541 or later"]
    );
    assert_eq!(
        covers(&set, "10.1.0.1 > 1.1.1.1:443 x.example.com"),
        ["new"]
    );
    assert_eq!(
        (activity(&set, "d/new"), activity(&set, "d/old")),
        (Activity::On, Activity::On),
        "the fleet has both"
    );
    let open = rule_set(&body, SITE);
    assert_eq!(
        covers(&open, "10.1.0.1 > 1.1.1.1:443 x.example.com"),
        ["new", "old"]
    );
    let unlisted = rule_set(
        &body,
        &format!(
            "{SITE}[[host]]\naddress = \"10.1.0.9\"\nversions = {{ agent = \"20.0.1540\" }}\n"
        ),
    );
    assert_eq!(
        covers(&unlisted, "10.1.0.1 > 1.1.1.1:443 x.example.com"),
        ["new", "old"],
        "hosts that are not listed may have any version"
    );
}

#[test]
fn validity_is_judged_by_packets_unless_a_day_is_given() {
    let body = "[[requirement]]\nid = \"a\"\nto = [\"50.17.162.194\"]\nports = [443]\nvalid = { from = \"2020-01-01\", until = \"2022-12-31\" }\n";
    let set = rule_set(body, "");
    let on = |set: &RuleSet, y, m, d| {
        let answer = Flow {
            day: jiff::civil::date(y, m, d),
            ..flow("10.0.0.1 > 50.17.162.194:443")
        }
        .ask(set);
        answer
            .misses
            .first()
            .map_or("covered".to_owned(), |m| m.misfits[0].to_string())
    };
    assert_eq!(on(&set, 2022, 12, 31), "covered");
    assert_eq!(on(&set, 2023, 1, 1), "expired: valid until 2022-12-31");
    assert_eq!(on(&set, 2019, 12, 31), "not yet valid: from 2020-01-01");
    assert!(matches!(
        set.invalid_at(RequirementIndex::new(0), CaptureTime::MAX),
        Some(Mismatch::Expired { .. })
    ));
    let as_of = Choices {
        as_of: Some(jiff::civil::date(2021, 6, 1)),
        ..Choices::default()
    };
    let set = compiled(library(&[&format!("{HEAD}{body}")]), "", &as_of);
    assert_eq!(on(&set, 2026, 1, 1), "covered");
}

#[test]
fn port_overrides_replace_the_default() {
    let body = format!(
        "{ROLES}[[requirement]]\nid = \"s\"\nfrom = [\"agent\"]\nto = [\"role:dns-server\"]\nports = [514]\ntransport = \"udp\"\nconfigurable-port = true\n"
    );
    let set = rule_set(&body, &format!("{SITE}[ports]\n\"d/s\" = [5514]\n"));
    assert_eq!(covers(&set, "10.1.0.1 > 10.1.9.53:5514/udp"), ["s"]);
    assert_eq!(
        misses(&set, "10.1.0.1 > 10.1.9.53:514/udp"),
        ["s: wrong port: 5514 is listed"]
    );
}

#[test]
fn references_bring_destinations_with_their_ports() {
    let body = format!(
        "{ROLES}[roles.gateway]\n[[requirement]]\nid = \"a1\"\nfrom = [\"agent\"]\nto = [\"a.example.com\"]\nports = [8443]\n[[requirement]]\nid = \"a2\"\nfrom = [\"agent\"]\nto = [\"role:dns-server\"]\nports = [53]\ntransport = \"udp\"\n[[requirement]]\nid = \"g\"\nfrom = [\"gateway\"]\nrefers-to = [{{ requirements-of = \"agent\" }}]\n"
    );
    let site = format!("{SITE}gateway = [\"10.3.0.1\"]\n");
    // As they stand, the rows keep their own source, and a gateway is no agent.
    let rows = rule_set(&body, &site);
    assert!(covers(&rows, "10.3.0.1 > 1.1.1.1:8443 a.example.com").is_empty());
    assert_eq!(
        misses(&rows, "10.3.0.1 > 1.1.1.1:8443 a.example.com"),
        [
            "a1: covered for agent, and this host is none",
            "g: covered for agent, and this host is none"
        ]
    );
    let set = rule_set(&format!("{body}refers-as = \"destinations\"\n"), &site);
    assert_eq!(covers(&set, "10.3.0.1 > 1.1.1.1:8443 a.example.com"), ["g"]);
    assert_eq!(covers(&set, "10.3.0.1 > 10.1.9.53:53/udp"), ["g"]);
    assert!(covers(&set, "10.3.0.1 > 1.1.1.1:443 a.example.com").is_empty());
}

#[test]
fn joins_take_networks_of_the_sites_regions() {
    let from = "format = 1\n[document]\nid = \"from\"\n[regions]\njapan = {}\nus-1 = {}\n[[requirement]]\nid = \"japan\"\nregion = [\"japan\"]\nfrom = [{ cidr = \"192.0.2.0/27\" }]\nto = [\"x.example.com\"]\n[[requirement]]\nid = \"us\"\nregion = [\"us-1\"]\nfrom = [{ cidr = \"192.0.2.64/27\" }]\nto = [\"x.example.com\"]\n";
    let to = "format = 1\n[document]\nid = \"to\"\n[regions]\njapan = {}\nus-1 = {}\n[roles.agent]\n[roles.cloud]\nnetworks-from = [\"from/*\"]\n[[requirement]]\nid = \"in\"\nfrom = [\"cloud\"]\nto = [\"role:agent\"]\nports = [4118]\n[[requirement]]\nid = \"out\"\nfrom = [\"agent\"]\nto = [\"role:cloud\"]\nports = [4118]\n";
    let site =
        "[site]\nregion = \"japan\"\ndocuments = [\"to\"]\n[roles]\nagent = [\"10.0.0.1\"]\n";
    let japan = compiled(library(&[from, to]), site, &Choices::default());
    assert_eq!(activity(&japan, "to/in"), Activity::On);
    assert_eq!(covers(&japan, "192.0.2.1 > 10.0.0.1:4118"), ["in"]);
    // Another region's, and a network is a source only: nothing goes there by it.
    assert!(covers(&japan, "192.0.2.65 > 10.0.0.1:4118").is_empty());
    assert!(covers(&japan, "10.0.0.1 > 192.0.2.1:4118").is_empty());
    assert_eq!(
        activity(&japan, "to/out"),
        Activity::NotAuditable("cloud".into())
    );
}

#[test]
fn joins_take_names_and_neither_document_nor_region() {
    let from = "format = 1\n[document]\nid = \"from\"\n[regions]\nus-1 = {}\n[features]\nscan = {}\n[[requirement]]\nid = \"plain\"\nto = [\"p.example.com\"]\n[[requirement]]\nid = \"us\"\nregion = [\"us-1\"]\nto = [\"agent.us-1.example.com\"]\n[[requirement]]\nid = \"scan\"\nto = [\"scan.example.com\"]\nwhen = [{ feature = \"scan\" }]\n";
    let to = "format = 1\n[document]\nid = \"to\"\n[regions]\njapan = { aliases = [\"jp-1\"] }\nus-1 = {}\n[roles.plain]\nnames-from = [\"from/plain\"]\n[roles.us]\nnames-from = [\"from/us\"]\n[roles.scan]\nnames-from = [\"from/scan\"]\n[[requirement]]\nid = \"plain\"\nto = [\"role:plain\"]\n[[requirement]]\nid = \"us\"\nto = [\"role:us\"]\n[[requirement]]\nid = \"scan\"\nto = [\"role:scan\"]\n[[requirement]]\nid = \"refers\"\nrefers-to = [\"from/plain\"]\nrefers-as = \"destinations\"\n[[requirement]]\nid = \"rows\"\nrefers-to = [\"from/plain\"]\n";
    let at = |region: &str, scan: bool| {
        let site = format!(
            "[site]\nregion = \"{region}\"\ndocuments = [\"to\"]\n[features]\nscan = {scan}\n"
        );
        compiled(library(&[from, to]), &site, &Choices::default())
    };
    let japan = at("japan", true);
    assert_eq!(
        covers(&japan, "10.0.0.1 > 1.1.1.1:443 p.example.com"),
        ["plain", "refers"]
    );
    assert_eq!(
        activity(&japan, "to/us"),
        Activity::NoNames(vec!["us-1".into()])
    );
    assert!(!japan.must_see(japan.library().find("to/us").unwrap()));
    assert_eq!(
        misses(&japan, "10.0.0.1 > 1.1.1.1:443 agent.us-1.example.com")
            .last()
            .unwrap(),
        "us: for another region: us-1"
    );
    let usa = at("us-1", false);
    assert_eq!(
        covers(&usa, "10.0.0.1 > 1.1.1.1:443 agent.us-1.example.com"),
        ["us"]
    );
    assert_eq!(
        activity(&usa, "to/scan"),
        Activity::Off("feature scan on".into()),
        "every name is switched off"
    );
    assert_eq!(
        activity(&usa, "to/rows"),
        Activity::Off("document from".into())
    );
}

#[test]
fn localhost_rows_cover_one_host_and_deny_two() {
    let body = format!(
        "{ROLES}[[requirement]]\nid = \"own\"\nfrom = [\"relay\"]\nto = [\"localhost\"]\nports = [4123]\n[[requirement]]\nid = \"closed\"\nfrom = [\"agent\"]\nto = [\"localhost\"]\nports = [4123]\ndeny = true\n"
    );
    let set = rule_set(&body, SITE);
    let denied = |words: &str| flow(words).ask(&set).denied.len();
    assert_eq!(covers(&set, "10.1.0.9 > 10.1.0.9:4123"), ["own"]);
    assert_eq!(denied("10.1.0.9 > 10.1.0.9:4123"), 0);
    assert_eq!(denied("10.1.0.9 > 10.1.0.1:4123"), 1);
    assert_eq!(
        misses(&set, "10.1.0.9 > 10.1.0.1:4123"),
        ["own: covered for localhost only"]
    );
    assert!(!set.must_see(set.library().find("d/own").unwrap()));
}

#[test]
fn paths_are_told_apart_where_they_can_be_seen() {
    let set = rule_set(
        "[[requirement]]\nid = \"a\"\nto = [{ host = \"x.example.com\", path = \"/api\" }]\nports = [80]\n",
        "",
    );
    let with = |path: Option<&str>| {
        Flow {
            path: path.map(Into::into),
            ..flow("10.0.0.1 > 1.1.1.1:80 x.example.com")
        }
        .ask(&set)
    };
    assert!(with(None).covers[0].path_unobserved);
    assert!(!with(Some("/api/v1")).covers[0].path_unobserved);
    assert_eq!(
        with(Some("/apiary")).misses[0].misfits[0].to_string(),
        "wrong path: /api is listed"
    );
}

#[test]
fn one_flow_meets_all_requirements_for_its_name() {
    let row = |id: &str| {
        format!("[[requirement]]\nid = \"{id}\"\nservice = \"{id}\"\nto = [\"log.example.com\"]\n")
    };
    let set = rule_set(&format!("{}{}{}", row("c"), row("a"), row("b")), "");
    assert_eq!(
        covers(&set, "10.0.0.1 > 1.1.1.1:443 log.example.com"),
        ["a", "b", "c"]
    );
    let via = flow("10.0.0.1 > 1.1.1.1:443 other.example.org log.example.com")
        .ask(&set)
        .covers
        .remove(0)
        .via;
    assert!(matches!(via, Via::Name { fqdn, .. } if fqdn.as_str() == "log.example.com"));
}

#[test]
fn documents_that_are_not_in_force_only_nearly_cover() {
    let file = |id: &str, port: u16| {
        format!(
            "format = 1\n[document]\nid = \"{id}\"\n[[requirement]]\nid = \"a\"\nto = [\"x.example.com\"]\nports = [{port}]\n"
        )
    };
    let set = compiled(
        library(&[&file("old", 443), &file("new", 443)]),
        "[site]\ndocuments = [\"new\"]\n",
        &Choices::default(),
    );
    let answer = flow("10.0.0.1 > 1.1.1.1:443 x.example.com").ask(&set);
    assert_eq!((answer.covers.len(), answer.misses.len()), (1, 1));
    assert_eq!(
        answer.misses[0].misfits,
        [Mismatch::DocumentNotInForce {
            document: "old".into()
        }]
    );
}

#[test]
fn gaps_in_the_list_are_told_by_the_vendors_domain() {
    let set = rule_set(
        "[[requirement]]\nid = \"a\"\nto = [\"a.vendor.com\", \"b.vendor.com\", \"*.c.vendor.co.jp\", \"www.google.com\"]\n",
        "",
    );
    let near = |name: &str| set.nearest_by_vendor_domain(&Fqdn::parse(name).unwrap());
    assert_eq!(near("new.vendor.com"), Some(vec!["d"]));
    assert_eq!(near("new.vendor.co.jp"), Some(vec!["d"]));
    assert_eq!(near("a.vendor.com"), None, "covered");
    assert_eq!(near("maps.google.com"), None, "a third party's domain");
    assert_eq!(near("example.org"), None);
}

#[test]
fn what_the_site_ignores_is_told_with_its_reason() {
    let set = rule_set(
        "",
        "[roles]\n[[ignore]]\nabout = \"backup\"\nfrom = \"10.0.0.0/8\"\nport = [9000]\n[[ignore]]\nabout = \"updates\"\nto = [\"*.updates.example\"]\n[proxies]\naddresses = [\"10.1.1.80:3128\"]\n",
    );
    let ask = |words: &str| {
        let flow = flow(words);
        let names: Vec<&Fqdn> = flow.names.iter().collect();
        let subject = Subject {
            time: CaptureTime::MIN,
            ..flow.subject(&names)
        };
        set.profile().ignored(&subject).map(str::to_owned)
    };
    assert_eq!(ask("10.0.0.1 > 1.1.1.1:9000").as_deref(), Some("backup"));
    assert_eq!(ask("10.0.0.1 > 1.1.1.1:9001"), None);
    assert_eq!(
        ask("11.0.0.1 > 1.1.1.1:80 a.updates.example").as_deref(),
        Some("updates")
    );
    assert!(
        set.profile().is_proxy("10.1.1.80".parse().unwrap(), 3128)
            && !set.profile().is_proxy("10.1.1.80".parse().unwrap(), 80)
    );
}

#[test]
fn explanations_say_every_reason() {
    let set = rule_set(
        &format!(
            "{ROLES}[[requirement]]\nid = \"a\"\nfrom = [\"agent\"]\nto = [\"x.example.com\"]\nports = [443]\n"
        ),
        SITE,
    );
    let explain = |words: &str| {
        let flow = flow(words);
        let names: Vec<&Fqdn> = flow.names.iter().collect();
        let subject = Subject {
            initiator: flow.initiator,
            responder: flow.responder,
            port: flow.port,
            transport: flow.transport,
            names: &names,
            path: None,
            time: CaptureTime::MIN,
        };
        set.explain(RequirementIndex::new(0), &subject).unwrap()
    };
    assert!(explain("10.1.0.1 > 1.1.1.1:443 x.example.com").covers);
    let text = explain("10.2.0.1 > 1.1.1.1:80 x.example.com").to_string();
    assert!(
        text.contains("does not cover")
            && text.contains("wrong port")
            && text.contains("covered for agent"),
        "{text}"
    );
    assert!(
        explain("10.1.0.1 > 1.1.1.1:443 y.example.com")
            .to_string()
            .contains("no listed destination fits: x.example.com")
    );
    assert!(
        set.explain(
            RequirementIndex::new(7),
            &Subject {
                initiator: "::1".parse().unwrap(),
                responder: "::1".parse().unwrap(),
                port: 0,
                transport: Transport::Tcp,
                names: &[],
                path: None,
                time: CaptureTime::MIN
            }
        )
        .is_none()
    );
}

#[test]
fn listed_requirements_have_their_fixed_fields() {
    let set = rule_set(
        &format!(
            "{ROLES}[[group]]\nid = \"g\"\nkind = \"pool\"\n[[requirement]]\nid = \"a\"\nservice = \"S\"\nfrom = [\"agent\", {{ cidr = \"10.0.0.0/8\" }}]\nto = [{{ host = \"x.example.com\", path = \"/api\", query = \"WSDL\" }}, \"*.y.example.com\", \"1.2.3.4\", \"role:dns-server\", \"any\"]\nports = [443, \"5000-5010\"]\ntransport = [\"tcp\", \"udp\"]\napp = \"https\"\nany-of = \"g/one\"\nvalid = {{ until = \"2022-12-31\" }}\ncite = {{ table = \"T\", row = \"R\", line = 3 }}\n"
        ),
        "",
    );
    let json = serde_json::to_value(set.requirements()[0].listed(set.library())).unwrap();
    let keys: Vec<&str> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "id",
            "document",
            "service",
            "from",
            "to",
            "ports",
            "ports_implied",
            "transport",
            "app",
            "direction",
            "region",
            "need",
            "when",
            "any_of",
            "valid",
            "cite",
            "deny",
            "must_see",
            "pool",
            "lost",
            "join",
            "shared_host",
            "doubtful"
        ]
    );
    assert_eq!(
        json["from"],
        serde_json::json!([{"kind": "role", "value": "agent"}, {"kind": "cidr", "value": "10.0.0.0/8"}])
    );
    assert_eq!(
        json["to"][0],
        serde_json::json!({"kind": "fqdn", "value": "x.example.com", "path": "/api?WSDL"})
    );
    assert_eq!(
        json["to"][2],
        serde_json::json!({"kind": "ip", "value": "1.2.3.4", "path": null})
    );
    assert_eq!(json["ports"], serde_json::json!(["443", "5000-5010"]));
    assert_eq!(json["any_of"], serde_json::json!(["d/g/one"]));
    assert_eq!(
        json["valid"],
        serde_json::json!({"from": null, "until": "2022-12-31"})
    );
}

/// A requirement's destinations and source looked at one after the other, by the checked nouns alone.
fn plain(set: &RuleSet, row: &Requirement, subject: &Subject<'_>) -> Option<bool> {
    let (library, profile) = (set.library(), set.profile());
    let initiator = profile.roles_of(subject.initiator);
    let responder = profile.roles_of(subject.responder);
    let named = |p: &NamePattern| subject.names.iter().any(|n| p.matches(n.as_str()));
    let fits = |target: &Target| match target {
        Target::Name(pattern) => named(pattern),
        Target::Template(template) => ["us-1", "jp-1"]
            .iter()
            .any(|r| named(&template.fill(r).unwrap())),
        Target::Network(network) => network.contains(&subject.responder),
        Target::Role(role) => responder.contains(*role),
        Target::Any => true,
        Target::Localhost => {
            subject.responder == subject.initiator || subject.responder.is_loopback()
        }
    };
    let listed: Vec<&Destination> = row.to.iter().filter(|d| fits(&d.target)).collect();
    if listed.is_empty() {
        return None;
    }
    let document = library.document(row.document).unwrap();
    let ports = if row.ports.is_empty() {
        &document.unstated_ports
    } else {
        &row.ports
    };
    let transport = if row.transport.is_empty() {
        &document.unstated_transport
    } else {
        &row.transport
    };
    let from = row.from.iter().any(|s| match s {
        Source::Any => true,
        Source::Role(role) => initiator.contains(*role),
        Source::Network(network) => network.contains(&subject.initiator),
    });
    let path = listed
        .iter()
        .any(|d| d.fits_path(subject.path) != PathFit::Differs);
    let on = set.activity(set.library().find(&row.id).unwrap());
    let off = matches!(on, Activity::Off(text) if text.contains("feature"));
    Some(
        ports.contains(subject.port)
            && transport.contains(&subject.transport)
            && from
            && path
            && !off,
    )
}

fn host() -> impl Strategy<Value = String> {
    let label = "[ab]{1,2}";
    prop_oneof![
        3 => (label, label).prop_map(|(a, b)| format!("{a}.{b}.example.com")),
        2 => label.prop_map(|b| format!("*.{b}.example.com")),
        2 => label.prop_map(|b| format!("*{b}.example.com")),
        1 => label.prop_map(|b| format!("{b}*.example.com")),
        1 => label.prop_map(|b| format!("{b}.*.example.com")),
        1 => label.prop_map(|b| format!("{b}.<region>.example.com")),
        1 => (0..4_u8, 24..33_u8).prop_map(|(a, p)| ipnet::Ipv4Net::new([192, 0, 2, a].into(), p).unwrap().trunc().to_string()),
        1 => Just("role:server".to_owned()),
        1 => Just("role:agent".to_owned()),
        1 => Just("any".to_owned()),
        1 => Just("localhost".to_owned()),
    ]
}

fn random_row() -> impl Strategy<Value = String> {
    let from = prop_oneof![
        Just("\"agent\""),
        Just("\"relay\""),
        Just("\"any\""),
        Just("{ cidr = \"10.0.0.0/31\" }")
    ];
    let ports = prop_oneof![
        Just(""),
        Just("ports = [80]\n"),
        Just("ports = [\"79-443\"]\n")
    ];
    let transport = prop_oneof![Just(""), Just("transport = [\"tcp\", \"udp\"]\n")];
    let when = prop_oneof![3 => Just(""), 1 => Just("when = [{ feature = \"on\" }]\n"), 1 => Just("when = [{ feature = \"off\" }]\n")];
    let path = prop_oneof![3 => Just(""), 1 => Just(", path = \"/p\"")];
    (
        from,
        proptest::collection::vec((host(), path), 1..4),
        ports,
        transport,
        when,
    )
        .prop_map(|(from, hosts, ports, transport, when)| {
            let to: Vec<String> = hosts
                .iter()
                .map(|(h, p)| format!("{{ host = \"{h}\"{p} }}"))
                .collect();
            format!(
                "from = [{from}]\nto = [{}]\n{ports}{transport}{when}",
                to.join(", ")
            )
        })
}

fn random_subject() -> impl Strategy<Value = (u8, u8, u16, bool, Vec<String>, Option<&'static str>)>
{
    let name = proptest::collection::vec("([ab]{1,2}|us-1)\\.", 1..3)
        .prop_map(|l| format!("{}example.com", l.concat()));
    let port = prop_oneof![Just(80_u16), Just(443), Just(22)];
    let path = prop_oneof![Just(None), Just(Some("/p/q")), Just(Some("/x"))];
    (
        0..5_u8,
        0..6_u8,
        port,
        any::<bool>(),
        proptest::collection::vec(name, 0..3),
        path,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn compiled_and_plain_matching_agree(rows in proptest::collection::vec(random_row(), 1..24), subjects in proptest::collection::vec(random_subject(), 1..24)) {
        let rows: String = rows.iter().enumerate().map(|(i, r)| format!("[[requirement]]\nid = \"r{i}\"\n{r}")).collect();
        let body = format!("[regions]\nus-1 = {{}}\njp-1 = {{}}\n[features]\non = {{ default = \"on\" }}\noff = {{ default = \"off\" }}\n[roles.agent]\n[roles.relay]\ninherits = [\"agent\"]\n[roles.server]\n{rows}");
        let set = rule_set(&body, "[roles]\nagent = [\"10.0.0.0/30\"]\nrelay = [\"10.0.0.2\"]\nserver = [\"192.0.2.1\"]\n");
        let mut scratch = Scratch::default();
        for (initiator, responder, port, tcp, names, path) in subjects {
            let names: Vec<Fqdn> = names.iter().map(|n| Fqdn::parse(n).unwrap()).collect();
            let names: Vec<&Fqdn> = names.iter().collect();
            let responder: IpAddr = if responder > 3 { [10, 0, 0, responder - 4].into() } else { [192, 0, 2, responder].into() };
            let transport = if tcp { Transport::Tcp } else { Transport::Udp };
            let subject = Subject { initiator: [10, 0, 0, initiator].into(), responder, port, transport, names: &names, path, time: CaptureTime::MIN };
            let answer = set.assess(&subject, &mut scratch);
            let covered: Vec<&str> = answer.covers.iter().map(|c| set.requirements()[c.requirement.index()].id.as_str()).collect();
            let missed: Vec<&str> = answer.misses.iter().map(|c| set.requirements()[c.requirement.index()].id.as_str()).collect();
            for row in set.requirements() {
                let fits = plain(&set, row, &subject);
                prop_assert_eq!(fits == Some(true), covered.contains(&row.id.as_str()), "{:?} {:?}", row, subject);
                let missed = missed.contains(&row.id.as_str());
                // Traffic between two hosts is a near miss of a row within one.
                let local = row.to.iter().any(|d| d.target == Target::Localhost);
                prop_assert!(!missed || local || fits == Some(false), "{:?} {:?}", row, subject);
                // Rows for any destination and within one host are looked for by port only, and by role only nearly.
                let narrow = row.to.iter().all(|d| !matches!(d.target, Target::Any | Target::Localhost | Target::Role(_)));
                prop_assert!(!narrow || missed == (fits == Some(false)), "{:?} {:?}", row, subject);
            }
            prop_assert!(covered.is_sorted() && missed.is_sorted());
            let fit = set.fit(&subject, &mut scratch);
            prop_assert_eq!(&fit, &set.fit(&subject, &mut scratch));
            prop_assert!(answer.covers.iter().map(|c| c.requirement).eq(fit.covers.iter().copied()));
            prop_assert_eq!(&fit.denied, &answer.denied);
            let misses = if fit.covers.is_empty() { &answer.misses[..] } else { &[] };
            prop_assert_eq!(&fit.misses[..], misses);
        }
    }
}

#[test]
fn what_was_worked_out_is_used_again_only_where_it_holds() {
    let one = rule_set(
        "[roles.agent]\n[[requirement]]\nid = \"roles\"\nfrom = [\"agent\"]\nto = [\"x.example.com\"]\n[[requirement]]\nid = \"network\"\nfrom = [{ cidr = \"10.2.0.0/16\" }]\nto = [\"x.example.com\"]\n[[requirement]]\nid = \"young\"\nto = [\"x.example.com\"]\nfrom = [\"agent\"]\nvalid = { from = \"2026-11-22\" }\n[[requirement]]\nid = \"old\"\nto = [\"x.example.com\"]\nfrom = [\"agent\"]\nvalid = { until = \"2026-11-21\" }\n[[requirement]]\nid = \"path\"\nfrom = [\"agent\"]\nto = [{ host = \"x.example.com\", path = \"/p\" }]\n",
        "[roles]\nagent = [\"10.1.0.0/16\"]\n",
    );
    let other = rule_set(
        "[[requirement]]\nid = \"other\"\nto = [\"x.example.com\"]\n",
        "",
    );
    let mut scratch = Scratch::default();
    let mut fits = |set: &RuleSet, words: &str, day: i8, path: Option<&str>| {
        let flow = Flow {
            day: jiff::civil::date(2026, 11, day),
            path: path.map(ToOwned::to_owned),
            ..flow(words)
        };
        let names: Vec<&Fqdn> = flow.names.iter().collect();
        let subject = flow.subject(&names);
        let fit = set.fit(&subject, &mut scratch);
        assert_eq!(fit, set.fit(&subject, &mut Scratch::default()));
        fit.covers
            .iter()
            .map(|at| local(set, *at))
            .collect::<Vec<_>>()
    };
    let agent = "10.1.0.1 > 1.1.1.1:443 x.example.com";
    for _ in 0..2 {
        let path = Some("/q");
        assert_eq!(fits(&one, agent, 21, path), ["old", "roles"]);
        assert_eq!(fits(&one, agent, 22, path), ["roles", "young"]);
        assert_eq!(fits(&one, agent, 22, None), ["path", "roles", "young"]);
        let elsewhere = "10.2.0.1 > 1.1.1.1:443 x.example.com";
        assert_eq!(fits(&one, elsewhere, 21, path), ["network"]);
        assert_eq!(fits(&other, agent, 21, path), ["other"]);
    }
}

#[test]
fn rule_sets_are_shared_by_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let set = rule_set(
        "[[requirement]]\nid = \"a\"\nto = [\"x.example.com\"]\n",
        "",
    );
    shared(&set);
    assert_eq!(covers(&set, "10.0.0.1 > 1.1.1.1:443 x.example.com"), ["a"]);
}

#[test]
fn destinations_are_shown_as_they_stand_at_the_site() {
    let body = "[regions]\nus-1 = {}\n[roles.siem]\n[[requirement]]\nid = \"a\"\nto = [\"x.<region>.example.com\", \"role:siem\", \"192.0.2.0/24\"]\n";
    let set = rule_set(
        body,
        "[roles]\nsiem = [\"siem.corp.example\", \"10.9.9.9\"]\n",
    );
    let shown: Vec<String> = set
        .destinations(RequirementIndex::new(0))
        .into_iter()
        .map(|via| match via {
            Via::Name { pattern, .. } => pattern.to_string(),
            Via::Address { prefix } => prefix.to_string(),
            Via::Role { role } => format!("role:{}", set.library().role_name(role)),
            Via::Any | Via::Localhost => String::new(),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "x.us-1.example.com",
            "siem.corp.example",
            "role:siem",
            "192.0.2.0/24"
        ]
    );
}

#[test]
fn the_nearest_miss_has_the_fewest_misfits() {
    let body = format!(
        "{ROLES}[[requirement]]\nid = \"a\"\nfrom = [\"relay\"]\nto = [\"x.example.com\"]\nports = [80]\n[[requirement]]\nid = \"b\"\nfrom = [\"agent\"]\nto = [\"x.example.com\"]\nports = [80]\n"
    );
    let set = rule_set(&body, SITE);
    let answer = flow("10.1.0.1 > 1.1.1.1:443 x.example.com").ask(&set);
    assert_eq!(
        answer
            .nearest()
            .map(|m| local(&set, m.requirement))
            .as_deref(),
        Some("b")
    );
    assert_eq!(answer.misses.len(), 2);
}
