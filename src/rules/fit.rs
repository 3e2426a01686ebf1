//! Which shipped sets a capture may be about.

use std::collections::BTreeSet;

use super::{PatternKind, SHIPPED_SETS, ShippedSet, Target, check};
use crate::model::Fqdn;

/// So many names of a set's own domains are no chance.
const ENOUGH: usize = 3;

/// The shipped sets beside the first of whose whole names, under their vendor's own domains, at least three are among
/// these; with how many, in the order of the sets. Wildcards do not count: half the world is under some.
#[must_use]
pub fn sets_fitting<'n>(
    names: impl Iterator<Item = &'n Fqdn>,
) -> Vec<(&'static ShippedSet, usize)> {
    let names: BTreeSet<&str> = names.map(Fqdn::as_str).collect();
    let count = |set: &ShippedSet| -> usize {
        let Ok((library, _)) = check(&set.texts()) else {
            return 0;
        };
        let own: BTreeSet<&String> = library
            .documents
            .iter()
            .flat_map(|document| &document.vendor_domains)
            .collect();
        let targets = library
            .requirements
            .iter()
            .flat_map(|row| &row.to)
            .map(|to| &to.target);
        let listed = targets.filter_map(|target| match target {
            Target::Name(name) if name.kind() == PatternKind::Exact => Some(name.as_str()),
            _ => None,
        });
        let listed = listed.filter(|name| {
            psl::domain_str(name).is_some_and(|domain| own.contains(&domain.to_owned()))
        });
        listed
            .filter(|name| names.contains(name))
            .collect::<BTreeSet<_>>()
            .len()
    };
    let others = SHIPPED_SETS.iter().skip(1).map(|set| (set, count(set)));
    others.filter(|(_, count)| *count >= ENOUGH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitting(names: &[&str]) -> Vec<&'static str> {
        let names: Vec<Fqdn> = names
            .iter()
            .map(|name| Fqdn::parse(name).unwrap())
            .collect();
        sets_fitting(names.iter())
            .into_iter()
            .map(|(set, _)| set.name)
            .collect()
    }

    #[test]
    fn three_names_of_its_own_make_a_set_fit() {
        let names = [
            "quay.io",
            "cdn01.quay.io",
            "registry.redhat.io",
            "www.example.com",
        ];
        assert_eq!(fitting(&names), ["openshift"]);
        assert_eq!(fitting(&names[..2]), [""; 0]);
    }

    #[test]
    fn names_that_only_a_wildcard_holds_do_not() {
        assert_eq!(
            fitting(&["a.microsoft.com", "b.microsoft.com", "c.microsoft.com"]),
            [""; 0]
        );
    }
}
