//! Who signs certificates on the path: issuers that are no public CA and sign for unrelated names.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Code, Evidence, Grade};
use crate::model::{Fqdn, Stamp};
use crate::observe::{Flow, NameSource, StreamFact};

/// The most owners kept of an issuer.
const MAX_OWNERS: usize = 8;
/// So many owners of names are too many for one private CA; fewer will do where the client did not trust it.
const OWNERS: usize = 3;
const OWNERS_REFUSED: usize = 2;

/// Organisations that public root programs list, or that sign under roots of others, in lower case. A certificate of
/// theirs is what servers really have.
const PUBLIC: &[&str] = &[
    "actalis",
    "amazon",
    "apple",
    "asseco",
    "atos",
    "baltimore",
    "buypass",
    "camerfirma",
    "cisco systems",
    "certigna",
    "certinomis",
    "certisign",
    "certsign",
    "chunghwa",
    "cloudflare",
    "comodo",
    "comsign",
    "cybertrust",
    "d-trust",
    "deutsche telekom",
    "dhimyotis",
    "digicert",
    "disig",
    "emsign",
    "e-tugra",
    "entrust",
    "equifax",
    "firmaprofesional",
    "fnmt",
    "gandi",
    "geotrust",
    "globalsign",
    "globaltrust",
    "godaddy",
    "google",
    "gts",
    "harica",
    "hellenic academic",
    "hongkong post",
    "identrust",
    "internet security research group",
    "izenpe",
    "japan registry services",
    "krajowa izba",
    "let's encrypt",
    "microsec",
    "microsoft",
    "naver",
    "netlock",
    "network solutions",
    "nijimo",
    "quovadis",
    "rapidssl",
    "rsa security",
    "secom",
    "sectigo",
    "securetrust",
    "securesign",
    "ssl.com",
    "ssl corporation",
    "starfield",
    "startcom",
    "swisssign",
    "symantec",
    "t-systems",
    "taiwan-ca",
    "telekom",
    "telia",
    "terena",
    "thawte",
    "trustasia",
    "trustcor",
    "trustwave",
    "tubitak",
    "tunisian",
    "unizeto",
    "usertrust",
    "valicert",
    "verisign",
    "verizon",
    "wisekey",
    "wosign",
    "zerossl",
    "beijing certificate",
    "china financial",
    "gdca",
    "guang dong",
    "certum",
    "cnnic",
    "dod",
    "u.s. government",
    "vodafone",
    "gogetssl",
    "trusted secure certificate authority",
    "encryption everywhere",
    "positivessl",
    "aetna",
    "wells fargo",
    "intel",
    "facebook",
    "siemens",
    "bmw",
    "volkswagen",
    "dfn-verein",
    "geant",
    "cpanel",
    "xramp",
    "affirmtrust",
    "visa",
];

/// What is known of issuers in a capture.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    /// By issuer: whose names it signs for.
    owners: BTreeMap<String, BTreeSet<String>>,
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
    pub(super) fn of<'a>(flows: impl Iterator<Item = &'a Flow>) -> Self {
        let mut all = Self::default();
        for shown in flows.filter_map(shown) {
            let owners = all.owners.entry(shown.issuer).or_default();
            if owners.len() < MAX_OWNERS {
                owners.extend(owner(&shown.wanted));
            }
        }
        all
    }

    /// Evidence that a flow's certificate was made on the path. `refused` says that its client did not trust it: then
    /// an issuer that is no public CA is enough (grade B); else it must sign for several owners' names (grade A).
    pub(super) fn evidence(&self, flow: &Flow, refused: bool) -> Option<Evidence> {
        let shown = shown(flow)?;
        let owners = self.owners.get(&shown.issuer)?;
        let enough = if refused { OWNERS_REFUSED } else { OWNERS };
        let words = format!(
            "the certificate for {} is signed by {:?}, which is no public CA",
            shown.wanted, shown.issuer
        );
        if owners.len() < enough {
            let evidence = Evidence::new(Code::IssuerSubstituted, Grade::B, [shown.stamp], words);
            return refused.then_some(evidence);
        }
        let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
        Some(Evidence {
            control: Some(format!(
                "the same issuer signs for names of unrelated owners ({}): TLS is opened on the path",
                owners.join(", ")
            )),
            ..Evidence::new(Code::IssuerSubstituted, Grade::A, [shown.stamp], words)
        })
    }
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
        } if !own && !issuer.is_empty() && !is_public(issuer) && !is_public(organization) => {
            Some(Shown {
                stamp: *stamp,
                issuer: issuer.clone(),
                wanted: wanted.clone(),
            })
        }
        _ => None,
    })
}

fn is_public(name: &str) -> bool {
    let name = name.to_lowercase();
    PUBLIC.iter().any(|public| name.contains(public))
}

/// The label under the public suffix: one owner's names under several suffixes are related.
fn owner(name: &Fqdn) -> Option<String> {
    let domain = psl::domain_str(name.as_str())?;
    domain.split('.').next().map(str::to_owned)
}
