//! How many requirements need no traffic, and why; and was everything seen that had to be?

use super::requirement_verdict::{NotSeen, RequirementStatus, RequirementVerdict};
use crate::model::words;
use crate::observe::Capture;
use crate::rules::{Activity, RuleSet};
use crate::wording::{SaidTemplate, word};

words! {
    /// Why nothing is missed where a requirement was not exercised.
    pub enum NoNeed {
        /// Its page does not ask for it.
        Optional = "optional",
        /// Its feature is off, or the site has no host in a role that it is about.
        FeatureOff = "feature_off",
        /// It is another region's.
        OtherRegion = "other_region",
        /// The site file binds a role of it to nothing.
        RoleUnbound = "role_unbound",
        /// It was not valid when the capture was made.
        NotValid = "not_valid",
        /// The site file does not say whether its condition holds.
        Undecided = "undecided",
        /// Another of its group was exercised.
        StoodIn = "stood_in",
        /// It says what must not be.
        Forbids = "forbids",
        /// No host that it is about sent anything.
        HostsSilent = "hosts_silent",
        /// A capture of this kind could not show it.
        NotShown = "not_shown",
    }
}

impl NoNeed {
    /// What stands behind a number: `4 of a feature that is off`.
    #[must_use]
    pub const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::Optional => word!(no_need_optional, "optional"),
            Self::FeatureOff => word!(no_need_feature_off, "of a feature or role that is off"),
            Self::OtherRegion => word!(no_need_region, "of another region"),
            Self::RoleUnbound => word!(
                no_need_role_unbound,
                "of a role that the site file binds to nothing"
            ),
            Self::NotValid => word!(no_need_not_valid, "not valid at the time"),
            Self::Undecided => word!(
                no_need_undecided,
                "of a feature that the site file says nothing of"
            ),
            Self::StoodIn => word!(no_need_stood_in, "stood in for by others"),
            Self::Forbids => word!(no_need_forbids, "that forbid what was not seen"),
            Self::HostsSilent => word!(no_need_hosts_silent, "of hosts that sent nothing"),
            Self::NotShown => word!(
                no_need_not_shown,
                "that samples, or this mirror, cannot show"
            ),
        }
    }
}

/// What the requirements of the documents in force ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// How many there are.
    pub in_force: u64,
    /// Of these: those that need no traffic and had none, one by one.
    pub none: Vec<NoNeed>,
    /// Whether something had to be seen, and all of that was seen and reached its aim.
    pub all_seen: bool,
}

/// What is needed, and what not.
#[must_use]
pub fn needs(capture: &Capture, rules: &RuleSet, verdicts: &[RequirementVerdict]) -> Needs {
    let mut needs = Needs::default();
    let (mut seen, mut missing) = (0_u64, 0_u64);
    let in_force = |verdict: &&RequirementVerdict| {
        let row = rules.library().requirement(verdict.requirement);
        row.is_some_and(|row| rules.profile().is_in_force(row.document))
    };
    for verdict in verdicts.iter().filter(in_force) {
        needs.in_force += 1;
        let no_need = no_need(capture, rules, verdict);
        match (&verdict.standing, no_need) {
            (RequirementStatus::Satisfied, _) if verdict.must_see => seen += 1,
            (_, None) if verdict.must_see => missing += 1,
            (_, Some(NoNeed::HostsSilent | NoNeed::NotShown)) => missing += 1,
            _ => {}
        }
        needs.none.extend(no_need);
    }
    needs.all_seen = seen > 0 && missing == 0;
    needs
}

/// Why a requirement needs no traffic; `None` where it had some, or should have had.
#[must_use]
pub fn no_need(capture: &Capture, rules: &RuleSet, verdict: &RequirementVerdict) -> Option<NoNeed> {
    let activity = || {
        let (first, last) = (capture.start(), capture.end());
        rules.activity_between(verdict.requirement, first, last)
    };
    match &verdict.standing {
        RequirementStatus::NotActive(_) => Some(match activity() {
            Activity::NoNames(_) => NoNeed::OtherRegion,
            Activity::Off(_) | Activity::NotInForce(_)
                if !rules.is_in_region(verdict.requirement) =>
            {
                NoNeed::OtherRegion
            }
            Activity::NotAuditable(_) | Activity::NoDestination => NoNeed::RoleUnbound,
            Activity::Ended(_) | Activity::NotBegun(_) => NoNeed::NotValid,
            Activity::Unknown(_) => NoNeed::Undecided,
            Activity::Off(_) | Activity::NotInForce(_) | Activity::On => NoNeed::FeatureOff,
        }),
        RequirementStatus::NotSeen(NotSeen::ClosedAsAsked | NotSeen::NothingForbidden) => {
            Some(NoNeed::Forbids)
        }
        RequirementStatus::NotSeen(_) if !verdict.must_see => Some(match activity() {
            Activity::Unknown(_) => NoNeed::Undecided,
            Activity::Ended(_) | Activity::NotBegun(_) => NoNeed::NotValid,
            _ => NoNeed::Optional,
        }),
        RequirementStatus::NotSeen(_) if verdict.excused_by.is_some() => Some(NoNeed::StoodIn),
        RequirementStatus::NotSeen(NotSeen::NoInitiator) => Some(NoNeed::HostsSilent),
        RequirementStatus::NotSeen(NotSeen::Sampled | NotSeen::NotCarried) => {
            Some(NoNeed::NotShown)
        }
        _ => None,
    }
}
