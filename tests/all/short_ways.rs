//! Short ways to what is wanted daily: formats, orders, a site file found by itself, interfaces.

use std::fs;

use serde_json::Value;

use super::harness::{Ran, Sample, folder, pktaudit};

#[test]
fn short_flags_are_the_long_ones() {
    let sample = Sample::named("not-seen");
    let (site, capture) = (
        sample.site.display().to_string(),
        sample.capture.display().to_string(),
    );
    let long = pktaudit(["audit", "--site", &site, "--format", "json", &capture]).run();
    for short in [
        &["audit", "-s", &site, "-f", "json", &capture][..],
        &["audit", "-s", &site, "--json", &capture],
        &["--json", "audit", "-s", &site, &capture],
    ] {
        let ran = pktaudit(short).run();
        assert_eq!((ran.status, &ran.stdout), (long.status, &long.stdout));
    }
    let csv = pktaudit(["flows", "--format", "csv", &capture]).exits(0);
    let short = pktaudit(["flows", "--csv", &capture]).exits(0);
    assert_eq!(csv.stdout, short.stdout);
    pktaudit(["flows", "--csv", "--json", &capture]).exits(2);
    pktaudit(["flows", "--csv", "--format", "csv", &capture]).exits(2);
}

#[test]
fn a_site_file_is_found_in_the_folder_or_above_and_told() {
    let sample = Sample::named("not-seen");
    let capture = sample.capture.display().to_string();
    let place = folder();
    let below = place.path().join("a/b");
    fs::create_dir_all(&below).unwrap();
    let site = place.path().join("pktaudit.toml");
    fs::copy(&sample.site, &site).unwrap();
    let audit = ["audit", "--json", &capture];
    let arguments = |ran: &Ran| -> Vec<String> {
        serde_json::from_value(ran.json()["summary"]["arguments"].clone()).unwrap()
    };
    for folder in [place.path(), below.as_path()] {
        let ran = pktaudit(audit).within(folder).run();
        ran.complains_of(&["site file: ", "pktaudit.toml"]);
        let told = arguments(&ran);
        assert_eq!(told[0], "--site");
        assert_eq!(
            fs::canonicalize(&told[1]).unwrap(),
            fs::canonicalize(&site).unwrap()
        );
    }
    let without = pktaudit(["audit", "--json", "--no-site", &capture]);
    let without = without.within(&below).run();
    assert_eq!(arguments(&without), [""; 0]);
    // The nearest one counts, whatever is in it.
    fs::write(below.join("pktaudit.toml"), "roles = 5\n").unwrap();
    let broken = pktaudit(audit).within(&below).exits(2);
    broken.complains_of(&["the site file has errors"]);
}

#[test]
fn flows_come_in_the_order_and_number_that_is_asked_for() {
    let capture = Sample::named("activation-ok").capture.display().to_string();
    let flows = |arguments: &[&str]| -> Vec<Value> {
        let mut all = vec!["flows", "--json"];
        all.extend(arguments);
        all.push(&capture);
        serde_json::from_value(pktaudit(all).exits(0).json()).unwrap()
    };
    let all = flows(&[]);
    assert!(all.len() > 5);
    let both = |flow: &Value, what: &str| -> u64 {
        flow[what]["out"].as_u64().unwrap() + flow[what]["in"].as_u64().unwrap()
    };
    for what in ["bytes", "packets"] {
        let sorted = flows(&["--sort", what]);
        assert_eq!(sorted.len(), all.len());
        assert!(sorted.is_sorted_by(|a, b| both(a, what) >= both(b, what)));
        assert_eq!(flows(&["--sort", what, "--top", "3"]), sorted[..3]);
    }
    assert_eq!(flows(&["--sort", "duration"]).len(), all.len());
    assert_eq!(flows(&["--top", "2"]), all[..2]);
    assert_eq!(flows(&["--top", "0"]), [Value::Null; 0]);
}

#[test]
fn a_conn_log_says_what_the_flows_say() {
    let capture = Sample::named("activation-ok").capture.display().to_string();
    let log = pktaudit(["flows", "--conn-log", &capture]).exits(0).stdout;
    let flows = pktaudit(["flows", "--json", &capture]).exits(0).json();
    let flows = flows.as_array().unwrap();
    let fields = log.lines().find_map(|line| line.strip_prefix("#fields\t"));
    let fields: Vec<&str> = fields.unwrap().split('\t').collect();
    let rows: Vec<&str> = log.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rows.len(), flows.len());
    for (row, flow) in rows.iter().zip(flows) {
        let cells: Vec<&str> = row.split('\t').collect();
        let cell = |name: &str| cells[fields.iter().position(|field| *field == name).unwrap()];
        assert_eq!(cell("id.orig_h"), flow["initiator"]["ip"]);
        assert_eq!(cell("id.resp_h"), flow["responder"]["ip"]);
        assert_eq!(cell("conn_state"), flow["conn_state"]);
        assert_eq!(cell("history"), flow["history"]);
        assert_eq!(cell("orig_pkts"), flow["packets"]["out"].to_string());
        assert_eq!(cell("resp_ip_bytes"), flow["bytes"]["in"].to_string());
    }
    pktaudit(["flows", "--conn-log", "--json", &capture]).exits(2);
}

#[cfg(feature = "live")]
#[test]
fn interfaces_are_listed_as_libpcap_lists_them() {
    let listed = pktaudit(["interfaces", "--json"]).exits(0).json();
    let names: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(names, pktaudit::source::live::interface_names());
    let text = pktaudit(["interfaces"]).exits(0).stdout;
    assert!(names.iter().all(|name| text.contains(name)), "{text}");
    pktaudit(["interfaces", "--format", "sarif"]).exits(2);
}
