//! Fits that were worked out before: captures have very many flows and few aims. It saves up to a twentieth of an audit.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use smallvec::SmallVec;

use super::requirement::canonical;
use super::strategy::Networks;
use super::{Library, Profile, RequirementIndex, RoleSet, RuleSet, Source, Subject};
use crate::model::{CaptureTime, Fqdn, Transport};

/// The most fits that are remembered by one thread.
const MOST: usize = 1 << 16;

/// On what of a subject its fit depends, over all requirements of a set.
#[derive(Debug)]
pub(super) struct Dependence {
    /// Whose it is: two sets never share it.
    set: Arc<()>,
    /// On the initiator's address and not on its roles alone, where hosts have versions of their own.
    by_address: bool,
    /// Networks of initiators that requirements are for; there too.
    sources: Networks,
    /// On the path.
    by_path: bool,
    /// On the time: the first moments of requirements, and the last ones, ascending.
    begins: Vec<CaptureTime>,
    ends: Vec<CaptureTime>,
}

impl Dependence {
    pub(super) fn of(
        library: &Library,
        profile: &Profile,
        valid: impl Iterator<Item = (CaptureTime, CaptureTime)>,
    ) -> Self {
        let requirements = &library.requirements;
        let mut sources = Networks::default();
        for source in requirements.iter().flat_map(|row| &row.from) {
            if let Source::Network(network) = source {
                sources.insert(*network, 0);
            }
        }
        let (mut begins, mut ends): (Vec<_>, Vec<_>) = valid.unzip();
        for borders in [&mut begins, &mut ends] {
            borders.sort_unstable();
            borders.dedup();
        }
        Self {
            set: Arc::new(()),
            by_address: !profile.host_versions.is_empty(),
            sources,
            by_path: requirements
                .iter()
                .flat_map(|row| &row.to)
                .any(|to| to.path.is_some() || to.query.is_some()),
            begins,
            ends,
        }
    }

    fn on_address(&self, initiator: IpAddr) -> bool {
        let mut is_source = false;
        self.sources.each(initiator, |_| is_source = true);
        self.by_address || is_source
    }
}

/// What was worked out before, by one thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The set that it holds for.
    set: Option<Arc<()>>,
    fits: HashTable<KnownEntry>,
    hasher: RandomState,
}

#[derive(Clone, Debug)]
struct KnownEntry {
    hash: u64,
    plain: Plain,
    roles: Option<RoleSet>,
    path: Option<Box<str>>,
    names: SmallVec<[Fqdn; 1]>,
    covers: Arc<[RequirementIndex]>,
}

/// A subject as far as its fit depends on it, but for what lies elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Plain {
    /// Where fits depend on it.
    initiator: Option<IpAddr>,
    responder: IpAddr,
    port: u16,
    transport: Transport,
    /// Whether it stays within one host.
    within: bool,
    /// How many requirements have begun, and how many have ended.
    era: (usize, usize),
}

/// A subject as far as its fit depends on it.
pub(super) struct FitQuestion<'a> {
    hash: u64,
    plain: Plain,
    roles: Option<&'a RoleSet>,
    path: Option<&'a str>,
    names: &'a [&'a Fqdn],
}

impl Known {
    /// What to ask for a subject, of which `roles` are the initiator's.
    pub(super) fn question<'a>(
        &mut self,
        subject: &Subject<'a>,
        roles: Option<&'a RoleSet>,
        set: &RuleSet,
    ) -> FitQuestion<'a> {
        let depends = &set.depends;
        if self
            .set
            .as_ref()
            .is_none_or(|known| !Arc::ptr_eq(known, &depends.set))
        {
            self.set = Some(Arc::clone(&depends.set));
            self.fits.clear();
        }
        let time = set.profile.judged_at(subject.time);
        let initiator = canonical(subject.initiator);
        let plain = Plain {
            initiator: depends.on_address(initiator).then_some(initiator),
            responder: subject.responder,
            port: subject.port,
            transport: subject.transport,
            within: initiator == canonical(subject.responder),
            era: (
                depends.begins.partition_point(|begin| *begin <= time),
                depends.ends.partition_point(|end| *end < time),
            ),
        };
        let path = subject.path.filter(|_| depends.by_path);
        let hash = self.hasher.hash_one((plain, roles, path, subject.names));
        FitQuestion {
            hash,
            plain,
            roles,
            path,
            names: subject.names,
        }
    }

    /// The requirements that cover what is asked for, where that is known.
    pub(super) fn answer(&self, question: &FitQuestion<'_>) -> Option<&Arc<[RequirementIndex]>> {
        let same = |entry: &KnownEntry| {
            entry.hash == question.hash
                && entry.plain == question.plain
                && entry.roles.as_ref() == question.roles
                && entry.path.as_deref() == question.path
                && entry.names.iter().eq(question.names.iter().copied())
        };
        self.fits
            .find(question.hash, same)
            .map(|entry| &entry.covers)
    }

    /// Remembers an answer that was not known.
    pub(super) fn remember(
        &mut self,
        question: &FitQuestion<'_>,
        covers: &Arc<[RequirementIndex]>,
    ) {
        if self.fits.len() >= MOST {
            return;
        }
        let entry = KnownEntry {
            hash: question.hash,
            plain: question.plain,
            roles: question.roles.cloned(),
            path: question.path.map(Into::into),
            names: question.names.iter().copied().cloned().collect(),
            covers: Arc::clone(covers),
        };
        self.fits
            .insert_unique(question.hash, entry, |entry| entry.hash);
    }
}
