//! What dies by the port that it comes from, packet by packet.

use serde_json::Value;

use super::traffic::{Traffic, client_hello, record};
use super::verdicts::{Packets, address, hex};

const SERVER: &str = "203.0.113.10:443";

/// SYNs of a client from its ports, each silent (sent four times over seven seconds) or answered, one after the other.
fn from_ports(tries: &[(u16, bool)]) -> Packets {
    let address = address([203, 0, 113, 10]);
    let mut packets = Packets::new().lookup(0, "a.acme.com", 0x8180, [1, 0, 0], &address);
    for (at, (port, answered)) in tries.iter().enumerate() {
        let (millis, client) = (1000 + 100 * at as u64, format!("10.0.0.5:{port}"));
        if *answered {
            let hello = record(0x16, &client_hello(Some("a.acme.com"), false));
            let end = 1001 + hello.len();
            let hello = format!("tcp PA seq=1001 ack=5001 hex:{}", hex(&hello));
            let flight = [Traffic::server_flight(), record(0x17, &[0xbb; 700])].concat();
            let back = 5001 + flight.len();
            let flight = format!("tcp PA seq=5001 ack={end} ttl=57 hex:{}", hex(&flight));
            let data = hex(&[record(0x17, &[0xaa; 64]), record(0x17, &[0xcc; 90])].concat());
            let finished = format!("tcp PA seq={end} ack={back} hex:{data}");
            let answer = format!(
                "tcp PA seq={back} ack={} ttl=57 hex:{}",
                end + data.len() / 2,
                hex(&record(0x17, &[0xdd; 50]))
            );
            packets = packets
                .at(millis, &client, SERVER, "tcp S seq=1000")
                .at(
                    millis + 20,
                    SERVER,
                    &client,
                    "tcp SA seq=5000 ack=1001 ttl=57",
                )
                .at(millis + 21, &client, SERVER, "tcp A seq=1001 ack=5001")
                .at(millis + 22, &client, SERVER, &hello)
                .at(millis + 42, SERVER, &client, &flight)
                .at(millis + 43, &client, SERVER, &finished)
                .at(millis + 63, SERVER, &client, &answer);
        } else {
            for later in [0, 1000, 3000, 7000] {
                packets = packets.at(millis + later, &client, SERVER, "tcp S seq=1000");
            }
        }
    }
    packets
}

/// What is said of a.acme.com: outcome and first code, intent by intent.
fn said_of_ports(tries: &[(u16, bool)]) -> Vec<(String, String)> {
    let report = from_ports(tries).audited();
    let intents = report["intents"].as_array().unwrap().iter();
    let own = intents.filter(|intent| intent["fqdn"] == "a.acme.com");
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut said: Vec<_> = own
        .map(|intent| (word(&intent["outcome"]), word(&intent["evidence"][0])))
        .collect();
    said.sort();
    said
}

#[test]
fn what_dies_by_its_source_port_is_blocked() {
    const HIGH: [u16; 3] = [60_001, 60_002, 60_003];
    const LOW: [u16; 3] = [40_001, 40_002, 40_003];
    let in_turns = |dies: [u16; 3], works: [u16; 3]| {
        let pairs = dies.into_iter().zip(works);
        pairs
            .flat_map(|(dies, works)| [(dies, false), (works, true)])
            .collect::<Vec<_>>()
    };
    let blocked = ("blocked_likely".to_owned(), "T-SPORT".to_owned());
    let ok = ("ok".to_owned(), "-".to_owned());
    for tries in [in_turns(HIGH, LOW), in_turns(LOW, HIGH)] {
        assert_eq!(said_of_ports(&tries), [blocked.clone(), ok.clone()]);
    }
    // No number parts them: another one from a high port works.
    let mut mixed = in_turns(HIGH, LOW);
    mixed.push((60_004, true));
    // An outage would do as well.
    let one_after_the_other = in_turns(HIGH, LOW).into_iter();
    let (dies, works): (Vec<_>, Vec<_>) = one_after_the_other.partition(|(_, works)| !works);
    let outage: Vec<_> = dies.into_iter().chain(works).collect();
    // Too few.
    let few = in_turns(HIGH, LOW)[..4].to_vec();
    for tries in [mixed, outage, few] {
        let said = said_of_ports(&tries);
        let by_port = |(_, code): &(String, String)| code == "T-SPORT";
        assert!(!said.iter().any(by_port), "{tries:?}: {said:?}");
    }
}
