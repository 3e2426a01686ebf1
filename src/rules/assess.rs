//! One subject against the compiled set.

use std::net::IpAddr;
use std::sync::Arc;

use super::candidate::{FoundLeg, Mismatches};
use super::compile::{ANY, LOCALHOST, Leg, RowPart, Rule, Test, ports, transports};
use super::profile::RegionChoice;
use super::requirement::{PathFit, canonical};
use super::{
    Assessment, Condition, Cover, Denied, Fit, Library, Mismatch, Miss, RefersAs, Requirement,
    RequirementIndex, RoleSet, RuleSet, Scratch, Source, Subject, Truth,
};

/// The most requirements of one role that are looked at for near misses.
const MOST_ROLE_MISSES: usize = 64;

/// What may differ where a destination fits by role.
const MOST_ROLE_MISFITS: u32 = 2;

impl RuleSet {
    /// Which requirements cover a subject, and which nearly do. Costs some hash probes for each label of each name, two
    /// trie walks, and then only what the requirements cost whose destination fits.
    #[must_use]
    pub fn assess(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> Assessment {
        let unlisted_misses = self.gather_best(subject, scratch);
        let mut out = Assessment {
            unlisted_misses,
            ..Assessment::default()
        };
        for (found, leg, means) in self.legs_found(scratch) {
            match means {
                Means::Nothing => {}
                Means::Denied => out.denied.push(denied(subject, found, leg)),
                Means::Covered => out.covers.push(Cover {
                    requirement: leg.requirement,
                    via: leg.via(subject, found),
                    path_unobserved: found.path_unobserved,
                    port_unstated: !self.states_ports(leg),
                    condition: found.truth,
                }),
                Means::Missed => out.misses.push(self.miss(subject, found, leg)),
            }
        }
        out
    }

    /// What of [`Self::assess`] a verdict needs. Cheaper in time and in memory: hardly anything is put into words.
    #[must_use]
    pub fn fit(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> Fit {
        let roles = self.profile.roles_at(subject.initiator);
        let question = scratch.known.question(subject, roles, self);
        if let Some(covers) = scratch.known.answer(&question) {
            return Fit {
                covers: Arc::clone(covers),
                ..Fit::default()
            };
        }
        let fit = self.work_out(subject, scratch);
        // What does not fit is told with the names that it was asked for; it is as rare as it is long.
        if fit.misses.is_empty() && fit.denied.is_empty() {
            scratch.known.remember(&question, &fit.covers);
        }
        fit
    }

    fn work_out(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> Fit {
        self.gather_best(subject, scratch);
        let mut covers = std::mem::take(&mut scratch.covers);
        covers.clear();
        let mut fit = Fit::default();
        for (found, leg, means) in self.legs_found(scratch) {
            match means {
                Means::Denied => fit.denied.push(denied(subject, found, leg)),
                Means::Covered => covers.push(leg.requirement),
                Means::Nothing | Means::Missed => {}
            }
        }
        if covers.is_empty() {
            // A row that refers to others as they stand misses what they miss, and says no more.
            let echoes = |leg: &Leg| {
                let refers_as = self.library.requirement(leg.requirement);
                leg.owner != leg.requirement
                    && refers_as.is_some_and(|row| row.refers_as == RefersAs::Rows)
            };
            let missed = self.legs_found(scratch).filter(|(found, leg, means)| {
                *means == Means::Missed && !echoes(leg) && !found.misfits.is_elsewhere()
            });
            fit.misses = missed
                .map(|(found, leg, _)| self.miss(subject, found, leg))
                .collect();
        } else if let Some(known) = scratch.shared.get(&covers[..]) {
            fit.covers = Arc::clone(known);
        } else {
            fit.covers = Arc::from(&covers[..]);
            scratch.shared.insert(Arc::clone(&fit.covers));
        }
        scratch.covers = covers;
        fit
    }

    /// What was gathered, with what each leg means for the subject.
    fn legs_found<'a>(
        &'a self,
        scratch: &'a Scratch,
    ) -> impl Iterator<Item = (&'a FoundLeg, &'a Leg, Means)> {
        scratch.found.iter().filter_map(|found| {
            let leg = self.legs.get(found.leg as usize)?;
            let rule = self.rules.get(leg.requirement.index())?;
            let means = match (rule.deny, found.misfits.is_empty()) {
                (true, true) => Means::Denied,
                (true, false) => Means::Nothing,
                (false, true) => Means::Covered,
                (false, false) => Means::Missed,
            };
            Some((found, leg, means))
        })
    }

    fn miss(&self, subject: &Subject<'_>, found: &FoundLeg, leg: &Leg) -> Miss {
        Miss {
            requirement: leg.requirement,
            via: leg.via(subject, found),
            misfits: self.misfits(leg, found.misfits),
        }
    }

    /// The requirements that cover a subject or would, were its port and transport others; ascending. Cheaper than
    /// [`Self::assess`], since nothing is put into words.
    #[must_use]
    pub fn covering_on_any_port(
        &self,
        subject: &Subject<'_>,
        scratch: &mut Scratch,
    ) -> Arc<[RequirementIndex]> {
        let roles = self.profile.roles_at(subject.initiator);
        let question = scratch.known_on_any_port.question(subject, roles, self);
        if let Some(covers) = scratch.known_on_any_port.answer(&question) {
            return Arc::clone(covers);
        }
        self.gather_best(subject, scratch);
        let fits =
            |found: &&FoundLeg| (Mismatches::PORT | Mismatches::TRANSPORT).contains(found.misfits);
        let wanted = scratch.found.iter().filter(fits).filter_map(|found| {
            let leg = self.legs.get(found.leg as usize)?;
            let rule = self.rules.get(leg.requirement.index())?;
            (!rule.deny).then_some(leg.requirement)
        });
        let wanted = wanted.collect();
        scratch.known_on_any_port.remember(&question, &wanted);
        wanted
    }

    /// Fills `scratch.found` with the leg of each requirement that fits best, ascending by requirement; returns how many
    /// role legs were left out.
    fn gather_best(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> usize {
        let unlisted = self.gather(subject, scratch);
        scratch.found.sort_unstable_by_key(FoundLeg::order);
        scratch.found.dedup_by_key(|found| found.requirement);
        unlisted
    }

    /// Fills `scratch.found` with every leg whose destination fits; returns how many role legs were left out.
    fn gather(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> usize {
        scratch.found.clear();
        let initiator_roles = self.profile.roles_at(subject.initiator);
        let responder = canonical(subject.responder);
        let look = RowLook {
            set: self,
            subject,
            initiator_roles,
            initiator: canonical(subject.initiator),
            responder,
        };
        let found = &mut scratch.found;
        for (place, name) in subject.names.iter().enumerate() {
            self.legs_by_name(name.as_str(), |leg| found.extend(look.at(leg, place)));
        }
        self.networks.each(responder, |legs| {
            found.extend(legs.iter().filter_map(|leg| look.at(*leg, 0)))
        });
        for class in [ANY, LOCALHOST] {
            self.services.each(class, subject.port, |legs| {
                found.extend(legs.iter().filter_map(|leg| look.at(*leg, 0)))
            });
        }
        let mut unlisted = 0;
        for role in self
            .profile
            .roles_at(responder)
            .into_iter()
            .flat_map(RoleSet::iter)
        {
            let class = role.index() as u32;
            self.services.each(class, subject.port, |legs| {
                found.extend(legs.iter().filter_map(|leg| look.at(*leg, 0)))
            });
            // In the default profile every host is in every role, so a miss by role says nothing.
            if !self.profile.is_default() {
                let all = self.services.all(class);
                unlisted += all.len().saturating_sub(MOST_ROLE_MISSES);
                found.extend(
                    all.iter()
                        .take(MOST_ROLE_MISSES)
                        .filter_map(|leg| look.at(*leg, 0)),
                );
            }
        }
        unlisted
    }

    fn misfits(&self, leg: &Leg, bits: Mismatches) -> Vec<Mismatch> {
        let library = &self.library;
        let row = &library.requirements[leg.requirement.index()];
        let kinds: [(Mismatches, &dyn Fn() -> Option<Mismatch>); 10] = [
            (Mismatches::DOCUMENT, &|| {
                let off = self
                    .whole_rows(leg)
                    .find(|(at, _)| self.rules.get(at.index()).is_some_and(|r| !r.in_force));
                let of = off.map_or(row, |(_, row)| row).document;
                let document = library.documents[of.index()].id.clone();
                Some(Mismatch::DocumentNotInForce { document })
            }),
            (Mismatches::REGION, &|| {
                Some(Mismatch::Region {
                    listed: self.leg_regions(leg),
                })
            }),
            (Mismatches::INACTIVE, &|| {
                Some(Mismatch::Inactive {
                    condition: self.condition_texts(leg),
                })
            }),
            (Mismatches::EXPIRED, &|| {
                self.whole_rows(leg)
                    .find_map(|(_, r)| r.valid.until)
                    .map(|until| Mismatch::Expired { until })
            }),
            (Mismatches::NOT_YET, &|| {
                self.whole_rows(leg)
                    .find_map(|(_, r)| r.valid.from)
                    .map(|from| Mismatch::NotYetValid { from })
            }),
            (Mismatches::SOURCE, &|| {
                let sourced = self
                    .parts_of(leg)
                    .filter(|(_, part)| *part == RowPart::WithSource);
                let row = sourced.last().and_then(|(at, _)| library.requirement(at));
                row.map(|row| Mismatch::Source {
                    wanted: sources(row, library),
                })
            }),
            (Mismatches::DESTINATION, &|| {
                Some(Mismatch::Destination {
                    wanted: "localhost".to_owned(),
                })
            }),
            (Mismatches::PORT, &|| {
                Some(Mismatch::Port {
                    listed: ports(&self.rules, leg).clone(),
                    stated: self.states_ports(leg),
                })
            }),
            (Mismatches::TRANSPORT, &|| {
                let stated = [leg.requirement, leg.owner]
                    .iter()
                    .filter_map(|at| library.requirement(*at))
                    .any(|r| !r.transport.is_empty());
                Some(Mismatch::Transport {
                    listed: transports(&self.rules, leg).to_vec(),
                    stated,
                })
            }),
            (Mismatches::PATH, &|| {
                let destination = library.requirements[leg.row.index()]
                    .to
                    .get(leg.destination as usize)?;
                let query = destination
                    .query
                    .as_ref()
                    .map(|q| format!("?{q}"))
                    .unwrap_or_default();
                Some(Mismatch::Path {
                    listed: format!("{}{query}", destination.path.as_deref().unwrap_or("/")),
                })
            }),
        ];
        kinds
            .iter()
            .filter(|(kind, _)| bits.contains(*kind))
            .filter_map(|(_, misfit)| misfit())
            .collect()
    }

    /// The rows of a leg that count as rows, not for their names only.
    fn whole_rows<'a>(
        &'a self,
        leg: &'a Leg,
    ) -> impl Iterator<Item = (RequirementIndex, &'a Requirement)> {
        let counts = self
            .parts_of(leg)
            .filter(|(_, part)| *part != RowPart::Names);
        counts.filter_map(|(at, _)| Some((at, self.library.requirement(at)?)))
    }

    fn leg_regions(&self, leg: &Leg) -> Vec<String> {
        if let Some(region) = leg.region {
            let document = self.library.requirements[leg.row.index()].document;
            return self.library.documents[document.index()]
                .regions
                .get(region)
                .map(|r| r.name.clone())
                .into_iter()
                .collect();
        }
        let outside = self
            .whole_rows(leg)
            .find(|(at, _)| self.rules.get(at.index()).is_some_and(|r| !r.in_region));
        outside
            .map(|(_, row)| self.region_names(row))
            .unwrap_or_default()
    }

    /// The conditions of a leg that do not hold for the site as a whole; all of them where that depends on the host.
    fn condition_texts(&self, leg: &Leg) -> String {
        let whole = self.profile.whole();
        let all: Vec<&Condition> = self
            .parts_of(leg)
            .filter_map(|(at, part)| Some((self.library.requirement(at)?, part)))
            .flat_map(|(row, part)| {
                let document = &self.library.documents[row.document.index()].when;
                let document = document.iter().filter(move |_| part != RowPart::Names);
                document.chain(&row.when)
            })
            .collect();
        let mut texts: Vec<String> = all
            .iter()
            .filter(|c| c.evaluate(&whole) == Truth::Off)
            .map(|c| c.to_string())
            .collect();
        if texts.is_empty() {
            texts = all
                .iter()
                .filter(|c| c.is_per_host())
                .map(|c| c.to_string())
                .collect();
        }
        texts.dedup();
        texts.join(" and ")
    }
}

/// What a leg whose destination fits means for a subject.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    Covered,
    Missed,
    Denied,
    /// Of a negative fact: it does not go against it.
    Nothing,
}

fn denied(subject: &Subject<'_>, found: &FoundLeg, leg: &Leg) -> Denied {
    Denied {
        requirement: leg.requirement,
        via: leg.via(subject, found),
        certain: found.truth == Truth::On,
    }
}

fn sources(row: &Requirement, library: &Library) -> Vec<String> {
    let text = |source: &Source| match source {
        Source::Any => "any host".to_owned(),
        Source::Role(role) => library.role_name(*role).to_owned(),
        Source::Network(network) => network.to_string(),
    };
    row.from.iter().map(text).collect()
}

/// One subject being looked at.
struct RowLook<'a> {
    set: &'a RuleSet,
    subject: &'a Subject<'a>,
    initiator_roles: Option<&'a RoleSet>,
    initiator: IpAddr,
    responder: IpAddr,
}

impl RowLook<'_> {
    /// How a leg fits whose destination does.
    fn at(&self, place: u32, name: usize) -> Option<FoundLeg> {
        let leg = self.set.legs.get(place as usize)?;
        let rule = self.set.rules.get(leg.requirement.index())?;
        let mut misfits = Mismatches::default();
        let ports = ports(&self.set.rules, leg);
        misfits.add(
            Mismatches::PORT,
            !ports.is_empty() && !ports.contains(self.subject.port),
        );
        let transport = transports(&self.set.rules, leg);
        misfits.add(
            Mismatches::TRANSPORT,
            !transport.is_empty() && !transport.contains(&self.subject.transport),
        );
        let mut truth = Truth::On;
        for (at, part) in self.set.parts_of(leg) {
            truth = truth.and(self.row_fits(at, part, &mut misfits)?);
        }
        misfits.add(Mismatches::INACTIVE, truth == Truth::Off);
        let row = self.set.library.requirement(leg.row)?;
        if let Some(region) = leg.region {
            let choice = self.set.profile.region_choice(row.document);
            misfits.add(
                Mismatches::REGION,
                matches!(choice, RegionChoice::Some(chosen) if !chosen.contains(&region)),
            );
        }
        let destination = row.to.get(leg.destination as usize)?;
        let path = destination.fits_path(self.subject.path);
        misfits.add(Mismatches::PATH, path == PathFit::Differs);
        let rank = match leg.test {
            Test::Name(_) => 0,
            Test::Network(_) => 1,
            Test::Role(_) => 2,
            Test::Any => 3,
            Test::Localhost => {
                misfits.add(Mismatches::DESTINATION, self.misses_localhost(rule));
                4
            }
        };
        // Ports of a host in a listed role say nothing about a rule for other ports, hosts and conditions.
        if rank == 2 && misfits.count() > MOST_ROLE_MISFITS {
            return None;
        }
        // What a host does within itself says nothing of two of which the one that calls is no such host.
        let both = misfits.contains(Mismatches::DESTINATION | Mismatches::SOURCE);
        if rank == 4 && both {
            return None;
        }
        Some(FoundLeg {
            requirement: leg.requirement.index() as u32,
            misfits,
            rank,
            leg: place,
            name: name as u32,
            path_unobserved: path == PathFit::NotObservable,
            truth,
        })
    }

    /// Whether a row about what hosts do within themselves is not about the responder.
    fn misses_localhost(&self, rule: &Rule) -> bool {
        let within = self.responder.is_loopback() || self.initiator == self.responder;
        let roles = self.set.profile.roles_at(self.responder);
        let other = |on| !within && !roles.is_some_and(|roles| roles.contains(on));
        within == rule.deny || rule.deny && rule.on.is_some_and(other)
    }

    /// Source, document, region, dates and condition of one of a leg's rows, as far as they count.
    fn row_fits(
        &self,
        at: RequirementIndex,
        part: RowPart,
        misfits: &mut Mismatches,
    ) -> Option<Truth> {
        let rule = self.set.rules.get(at.index())?;
        if part == RowPart::Names {
            return Some(rule.own_truth.unwrap_or_else(|| self.own_truth(at)));
        }
        misfits.add(
            Mismatches::SOURCE,
            part == RowPart::WithSource && !self.source_fits(rule),
        );
        misfits.add(Mismatches::DOCUMENT, !rule.in_force);
        misfits.add(Mismatches::REGION, !rule.in_region);
        let time = self.set.profile.judged_at(self.subject.time);
        misfits.add(Mismatches::NOT_YET, time < rule.valid.0);
        misfits.add(Mismatches::EXPIRED, time > rule.valid.1);
        Some(rule.truth.unwrap_or_else(|| {
            let Some(row) = self.set.library.requirement(at) else {
                return Truth::Off;
            };
            let view = self
                .set
                .profile
                .seen_by(self.subject.initiator, self.subject.responder);
            let document = &self.set.library.documents[row.document.index()].when;
            Condition::evaluate_all(document, &view).and(self.own_truth(at))
        }))
    }

    /// Whether a row's own conditions hold for the hosts of the subject.
    fn own_truth(&self, at: RequirementIndex) -> Truth {
        let Some(row) = self.set.library.requirement(at) else {
            return Truth::Off;
        };
        let profile = &self.set.profile;
        let view = profile.seen_by(self.subject.initiator, self.subject.responder);
        Condition::evaluate_all(&row.when, &view)
    }

    fn source_fits(&self, rule: &Rule) -> bool {
        rule.any_source
            || self
                .initiator_roles
                .is_some_and(|roles| roles.intersects(&rule.roles))
            || rule
                .networks
                .iter()
                .any(|network| network.contains(&self.initiator))
    }
}
