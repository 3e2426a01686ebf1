//! Which shipped sets are in force where nobody names any: those that a capture fits.

use foldhash::HashSet;

use super::{Library, PatternKind, SHIPPED_SETS, ShippedSet, Target, check};
use crate::model::{Fqdn, words};
use crate::wording::{Phrase, phrase, word};

/// So many names of a set's own domains are no chance.
const ENOUGH: usize = 3;

/// Why a rule document is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Chosen {
    /// `--rules` names it.
    Named,
    /// The site file names it.
    BySite,
    /// The capture has so many of its names.
    Fits(usize),
    /// Nobody names any, and it is what is then used.
    Default,
}

words! {
    /// Why a rule document is used, without figures.
    pub enum ChosenKind {
        /// `--rules` names it.
        Named = "named",
        /// The site file names it.
        BySite = "site",
        /// The capture has names of it.
        Fits = "fits",
        /// Nobody names any, and it is what is then used.
        Default = "default",
    }
}

impl Chosen {
    /// As reports write it.
    #[must_use]
    pub const fn kind(self) -> ChosenKind {
        match self {
            Self::Named => ChosenKind::Named,
            Self::BySite => ChosenKind::BySite,
            Self::Fits(_) => ChosenKind::Fits,
            Self::Default => ChosenKind::Default,
        }
    }

    /// Why, in words.
    #[must_use]
    pub fn words(self) -> Phrase {
        match self {
            Self::Named => word!(chosen_named, "--rules names it").into(),
            Self::BySite => word!(chosen_by_site, "the site file names it").into(),
            Self::Fits(1) => word!(chosen_fits_one, "the capture has a name of its vendor").into(),
            Self::Fits(names) => {
                phrase!(chosen_fits, "the capture has {names} of its names", names)
            }
            Self::Default => word!(
                chosen_default,
                "no rules are named, and the capture fits no others"
            )
            .into(),
        }
    }
}

/// A set with why it is used.
#[derive(Clone, Copy, Debug)]
pub struct SetChoice {
    /// The set.
    pub set: &'static ShippedSet,
    /// Why.
    pub chosen: Chosen,
}

/// The sets that are in force where nobody names any, in the order of the sets.
///
/// Beside the first those of whose whole names, under their vendor's own domains, at least three are among these.
/// Wildcards do not count: half the world is under some. The first is left out where others fit, none of these names is
/// under its vendor's domains, and `keeps_first` is false: a site file may speak of its roles.
///
/// The names are a set: neither their order nor how often one is there matters.
#[must_use]
pub fn sets_fitting<'n>(
    names: impl Iterator<Item = &'n Fqdn>,
    keeps_first: bool,
) -> Vec<SetChoice> {
    let names: HashSet<&str> = names.map(Fqdn::as_str).collect();
    let Some((first, others)) = SHIPPED_SETS.split_first() else {
        return Vec::new();
    };
    let length = |text: &str| 1_u128 << text.len().min(127);
    let lengths = names.iter().fold(0, |all, name| all | length(name));
    let count = |set: &'static ShippedSet| {
        // Reading a set costs more than looking for what stands between its quotes, and a length costs nearly nothing.
        let fits = |text: &&str| lengths & length(text) != 0 && text.contains('.');
        let mentioned = set.quoted().filter(fits);
        let mentioned = mentioned.filter(|text| names.contains(text));
        let enough = mentioned.take(ENOUGH).count() == ENOUGH;
        let counted = if enough { listed(set, &names) } else { 0 };
        (counted >= ENOUGH).then_some(SetChoice {
            set,
            chosen: Chosen::Fits(counted),
        })
    };
    let mut out: Vec<SetChoice> = others.iter().filter_map(count).collect();
    let chosen = match out.is_empty() {
        true => Chosen::Default,
        false => match under_domains(first, &names) {
            0 => Chosen::Default,
            names => Chosen::Fits(names),
        },
    };
    if out.is_empty() || keeps_first || chosen != Chosen::Default {
        out.insert(0, SetChoice { set: first, chosen });
    }
    out
}

/// How many of the whole names that a set lists under its vendor's own domains are there.
fn listed(set: &ShippedSet, names: &HashSet<&str>) -> usize {
    let Ok((library, _)) = check(&set.texts()) else {
        return 0;
    };
    let own = own_domains(&library);
    let targets = library.requirements.iter().flat_map(|row| &row.to);
    let whole = targets.filter_map(|to| match &to.target {
        Target::Name(name) if name.kind() == PatternKind::Exact => Some(name.as_str()),
        _ => None,
    });
    let is_own = |name: &&str| psl::domain_str(name).is_some_and(|domain| own.contains(domain));
    let found: HashSet<&str> = whole
        .filter(|name| names.contains(name))
        .filter(is_own)
        .collect();
    found.len()
}

/// How many of the names are under the domains of a set's vendor.
fn under_domains(set: &ShippedSet, names: &HashSet<&str>) -> usize {
    let Ok((library, _)) = check(&set.texts()) else {
        return 0;
    };
    let own = own_domains(&library);
    let is_own = |name: &&&str| psl::domain_str(name).is_some_and(|domain| own.contains(domain));
    names.iter().filter(is_own).count()
}

fn own_domains(library: &Library) -> HashSet<&str> {
    let documents = library.documents.iter();
    let domains = documents.flat_map(|document| &document.vendor_domains);
    domains.map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitting(names: &[&str], keeps_first: bool) -> Vec<(&'static str, Chosen)> {
        let names: Vec<Fqdn> = names
            .iter()
            .map(|name| Fqdn::parse(name).unwrap())
            .collect();
        let chosen = sets_fitting(names.iter(), keeps_first);
        chosen
            .into_iter()
            .map(|choice| (choice.set.name, choice.chosen))
            .collect()
    }

    const OPENSHIFT: [&str; 4] = [
        "quay.io",
        "cdn01.quay.io",
        "registry.redhat.io",
        "www.example.com",
    ];

    #[test]
    fn three_names_of_its_own_make_a_set_fit() {
        let fits = ("openshift", Chosen::Fits(3));
        assert_eq!(fitting(&OPENSHIFT, false), [fits]);
        let default = ("trend-micro", Chosen::Default);
        assert_eq!(fitting(&OPENSHIFT, true), [default, fits]);
        assert_eq!(fitting(&OPENSHIFT[..2], false), [default]);
        assert_eq!(fitting(&[], false), [default]);
    }

    #[test]
    fn the_first_stays_where_it_fits_too() {
        let mut names = OPENSHIFT.to_vec();
        names.push("files.trendmicro.com");
        let both = [
            ("trend-micro", Chosen::Fits(1)),
            ("openshift", Chosen::Fits(3)),
        ];
        assert_eq!(fitting(&names, false), both);
        names.reverse();
        names.push("quay.io");
        assert_eq!(fitting(&names, false), both);
    }

    #[test]
    fn names_that_only_a_wildcard_holds_do_not() {
        let names = ["a.microsoft.com", "b.microsoft.com", "c.microsoft.com"];
        let default = ("trend-micro", Chosen::Default);
        assert_eq!(fitting(&names, false), [default]);
    }
}
