//! The list of public certification authorities against a root programme.

use std::collections::BTreeSet;
use std::fs;

use pktaudit::decode::tls::Certificate;

use super::harness::project;

#[test]
fn every_root_of_the_programme_is_on_the_list() {
    let list = fs::read_to_string(project("src/judge/public_authorities.txt")).unwrap();
    let list: BTreeSet<&str> = list.lines().collect();
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    assert!(roots.len() > 100);
    let missing: BTreeSet<String> = roots
        .iter()
        .filter_map(|root| {
            let root = Certificate::read(root).unwrap();
            root.issuer_organization.or(root.issuer)
        })
        .filter(|name| !list.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
