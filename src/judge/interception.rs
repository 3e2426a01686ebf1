//! Who signs certificates on the path: issuers that are no public CA and sign for unrelated names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use foldhash::HashSet;
use thin_vec::ThinVec;

use super::evidence::{Code, Evidence, Grade};
use crate::model::{Fqdn, Merge, Stamp};
use crate::observe::{Flow, NameSource, StreamFact};
use crate::rules::RuleSet;
use crate::wording::{Phrase, phrase};

/// The most owners kept of an issuer: the lowest.
const MAX_OWNERS: usize = 8;
/// So many owners of names are too many for one private CA.
const OWNERS: usize = 3;
/// Fewer will do where many of their names are signed, or where the client did not trust it.
const FEW_OWNERS: usize = 2;
const MANY_NAMES: usize = 4;

/// Organisations that operate public certification authorities, one a line. A certificate of theirs is what servers
/// really have.
const PUBLIC: &str = include_str!("public_authorities.txt");

/// What is known of issuers in a capture. Merges by union, of which the lowest are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Issuers {
    by_issuer: BTreeMap<String, SignsFor>,
}

/// Whose names an issuer signs for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct SignsFor {
    /// At most [`MAX_OWNERS`].
    owners: BTreeSet<String>,
    /// At most [`MANY_NAMES`].
    names: BTreeSet<Fqdn>,
}

impl SignsFor {
    fn of(names: HashSet<Fqdn>, rules: &RuleSet) -> Self {
        let mut all = Self::default();
        for name in names {
            all.owners.extend(owner(&name, rules));
            all.names.insert(name);
            all.bound();
        }
        all
    }

    fn bound(&mut self) {
        while self.owners.len() > MAX_OWNERS {
            self.owners.pop_last();
        }
        while self.names.len() > MANY_NAMES {
            self.names.pop_last();
        }
    }

    /// Whether no private CA would sign for all of them.
    fn is_too_much(&self, refused: bool) -> bool {
        let few = refused || self.names.len() >= MANY_NAMES;
        self.owners.len() >= if few { FEW_OWNERS } else { OWNERS }
    }
}

/// The certificate that a flow's responder showed.
struct Shown {
    stamp: Stamp,
    issuer: String,
    /// The name that the initiator wanted.
    wanted: Fqdn,
}

impl Issuers {
    /// Indexes all flows.
    #[must_use]
    pub(super) fn of<'a>(flows: impl Iterator<Item = &'a Flow>, rules: &RuleSet) -> Self {
        let mut names: BTreeMap<String, HashSet<Fqdn>> = BTreeMap::new();
        for shown in flows.filter_map(shown) {
            names.entry(shown.issuer).or_default().insert(shown.wanted);
        }
        let issuers = names.into_iter();
        let issuers = issuers.map(|(issuer, names)| (issuer, SignsFor::of(names, rules)));
        Self {
            by_issuer: issuers.collect(),
        }
    }

    /// Evidence that a flow's certificate was made on the path: an issuer that is no public CA and signs for several
    /// owners' names (grade A). Where the client did not trust it, `refused` says so with what shows that another
    /// machine answered than the server, if anything does: that is grade B. A private CA alone may be the server's own.
    pub(super) fn evidence(
        &self,
        flow: &Flow,
        refused: Option<Option<&Phrase>>,
    ) -> Option<Evidence> {
        let shown = shown(flow)?;
        let signs_for = self.by_issuer.get(&shown.issuer)?;
        let words = phrase!(
            signed_by_no_public_ca,
            "the certificate for {wanted} is signed by {issuer}, which is no public CA",
            wanted = shown.wanted,
            issuer = format_args!("{:?}", shown.issuer)
        );
        if !signs_for.is_too_much(refused.is_some()) {
            let device = refused??;
            let evidence = Evidence::new(Code::IssuerSubstituted, Grade::B, [shown.stamp], words);
            return Some(Evidence {
                control: Some(device.clone()),
                ..evidence
            });
        }
        let owners: Vec<&str> = signs_for.owners.iter().map(String::as_str).collect();
        Some(Evidence {
            control: Some(phrase!(
                signs_for_unrelated,
                "the same issuer signs for names of unrelated owners ({owners}): TLS is opened on the path",
                owners = owners.join(", ")
            )),
            ..Evidence::new(Code::IssuerSubstituted, Grade::A, [shown.stamp], words)
        })
    }
}

impl Merge for Issuers {
    fn merge(&mut self, other: Self) {
        for (issuer, signs_for) in other.by_issuer {
            let known = self.by_issuer.entry(issuer).or_default();
            known.owners.extend(signs_for.owners);
            known.names.extend(signs_for.names);
            known.bound();
        }
    }
}

/// Names that a server's certificate vouches for: where a public authority signed it, and one owner has them all. An
/// initiator that named nobody gets the certificate of whatever answers first there, which on shared hosts may be
/// anybody's; and what a private authority or the server itself signs, anybody can make.
pub(super) fn certified_names(flow: &Flow) -> ThinVec<Fqdn> {
    let names = || {
        let names = flow.names.iter();
        names.filter(|name| name.source == NameSource::TlsCertificate)
    };
    let mut domains = names().map(|name| psl::domain_str(name.fqdn.as_str()));
    let Some(Some(domain)) = domains.next() else {
        return ThinVec::new();
    };
    if !domains.all(|other| other == Some(domain)) || !is_publicly_signed(flow) {
        return ThinVec::new();
    }
    names().map(|name| name.fqdn.clone()).collect()
}

/// Whether all certificates that the responder showed were signed by public authorities.
fn is_publicly_signed(flow: &Flow) -> bool {
    let shown = flow.facts.iter().filter_map(|(_, own, fact)| match fact {
        StreamFact::Certificate {
            issuer,
            organization,
            self_issued,
        } if !own => Some(!self_issued && is_public(issuer, organization)),
        _ => None,
    });
    let shown: Vec<bool> = shown.collect();
    !shown.is_empty() && shown.iter().all(|public| *public)
}

/// The certificate shown to the wish for a name, where no public CA signed it.
fn shown(flow: &Flow) -> Option<Shown> {
    let mut said = flow
        .names
        .iter()
        .filter(|name| name.source == NameSource::TlsSni);
    let wanted = said.next()?.fqdn.clone();
    flow.facts.iter().find_map(|(stamp, own, fact)| match fact {
        StreamFact::Certificate {
            issuer,
            organization,
            self_issued: false,
        } if !own && !issuer.is_empty() && !is_public(issuer, organization) => Some(Shown {
            stamp: *stamp,
            issuer: issuer.clone(),
            wanted: wanted.clone(),
        }),
        _ => None,
    })
}

/// Whether a public authority signed: by the issuer's organisation, or by its common name where it states none. Wholes
/// are compared: that a private authority's name contains a public one's says nothing.
fn is_public(issuer: &str, organization: &str) -> bool {
    static KNOWN: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let lines = PUBLIC.lines().filter(|line| !line.starts_with('#'));
        lines.map(spelled).filter(|name| !name.is_empty()).collect()
    });
    let name = match organization.trim().is_empty() {
        true => issuer,
        false => organization,
    };
    KNOWN.contains(&spelled(name))
}

/// One spelling of an organisation's name: authorities write commas and full stops now with, now without.
fn spelled(name: &str) -> String {
    let name = name
        .to_lowercase()
        .replace([',', '.', '\u{2019}', '\''], "");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The vendor that lists the domain as its own, else the label under the public suffix: one owner's names under several
/// suffixes are related.
fn owner(name: &Fqdn, rules: &RuleSet) -> Option<String> {
    if let Some(vendor) = rules.vendor_of(name) {
        return Some(vendor.to_owned());
    }
    let domain = psl::domain_str(name.as_str())?;
    domain.split('.').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn public_authorities_are_told_by_their_whole_organisation() {
        for (issuer, organization) in [
            ("R11", "Let's Encrypt"),
            ("E5", "Let\u{2019}s Encrypt"),
            ("WR2", "Google Trust Services"),
            ("Amazon RSA 2048 M02", "Amazon"),
            ("DigiCert TLS RSA SHA256 2020 CA1", "DigiCert Inc"),
            ("GeoTrust TLS RSA CA G1", "DIGICERT, INC."),
            (
                "Microsoft Azure RSA TLS Issuing CA 03",
                "Microsoft Corporation",
            ),
            ("Cloudflare Inc ECC CA-3", "Cloudflare, Inc."),
            (
                "Sectigo RSA Domain Validation Secure Server CA",
                "Sectigo Limited",
            ),
            ("GlobalSign GCC R3 DV TLS CA 2020", "GlobalSign nv-sa"),
            (
                "Go Daddy Secure Certificate Authority - G2",
                "GoDaddy.com, Inc.",
            ),
            (
                "Autoridad de Certificacion Firmaprofesional CIF A62634068",
                "",
            ),
        ] {
            assert!(
                is_public(issuer, organization),
                "{issuer} of {organization}"
            );
        }
    }

    #[test]
    fn a_private_authority_may_have_a_public_ones_name_in_its_own() {
        for (issuer, organization) in [
            ("Intelligent Proxy CA", "Intelligent Networks"),
            ("Visalia Unified CA", "Visalia School District"),
            ("DigiCert TLS RSA SHA256 2020 CA1", "Our Firewall"),
            ("Amazonia Web Gateway", ""),
            ("Let's Encrypt Everything", "Let's Encrypt Everything GmbH"),
            ("Googleplex Filter", "Not Google Trust Services LLC"),
            ("Zscaler Intermediate Root CA", "Zscaler Inc."),
            ("#", ""),
            ("", " "),
        ] {
            assert!(
                !is_public(issuer, organization),
                "{issuer} of {organization}"
            );
        }
    }

    #[test]
    fn the_lowest_owners_and_names_are_kept_in_any_order() {
        let issuers = |letters: std::ops::RangeInclusive<char>| {
            let name = |letter: char| Fqdn::parse(&format!("{letter}.test")).unwrap();
            let mut signs_for = SignsFor {
                owners: letters.clone().map(String::from).collect(),
                names: letters.map(name).collect(),
            };
            signs_for.bound();
            Issuers {
                by_issuer: [("Some CA".to_owned(), signs_for)].into(),
            }
        };
        hold(&[issuers('c'..='m'), issuers('a'..='d'), issuers('b'..='z')]);
    }
}
