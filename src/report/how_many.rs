//! What reports count, in words: one of it, or several.

use super::human::grouped;
use crate::wording::{Phrase, phrase, word};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Countable {
    Attempt,
    Destination,
    DnsTransaction,
    Flow,
    Frame,
    Input,
    MoreAttempt,
    MorePacket,
    MoreRequirement,
    Requirement,
    Service,
}

/// `1 flow`, `2 flows`.
pub(super) fn how_many(number: u64, what: Countable) -> Phrase {
    let count = grouped(number);
    match (what, number) {
        (Countable::Attempt, 1) => word!(count_1_attempt, "1 attempt").into(),
        (Countable::Attempt, _) => phrase!(count_attempts, "{count} attempts", count),
        (Countable::Destination, 1) => word!(count_1_destination, "1 destination").into(),
        (Countable::Destination, _) => phrase!(count_destinations, "{count} destinations", count),
        (Countable::DnsTransaction, 1) => {
            word!(count_1_dns_transaction, "1 DNS transaction").into()
        }
        (Countable::DnsTransaction, _) => {
            phrase!(count_dns_transactions, "{count} DNS transactions", count)
        }
        (Countable::Flow, 1) => word!(count_1_flow, "1 flow").into(),
        (Countable::Flow, _) => phrase!(count_flows, "{count} flows", count),
        (Countable::Frame, 1) => word!(count_1_frame, "1 frame").into(),
        (Countable::Frame, _) => phrase!(count_frames, "{count} frames", count),
        (Countable::Input, 1) => word!(count_1_input, "1 input").into(),
        (Countable::Input, _) => phrase!(count_inputs, "{count} inputs", count),
        (Countable::MoreAttempt, 1) => word!(count_1_more_attempt, "1 more attempt").into(),
        (Countable::MoreAttempt, _) => phrase!(count_more_attempts, "{count} more attempts", count),
        (Countable::MorePacket, 1) => word!(count_1_more_packet, "1 more packet").into(),
        (Countable::MorePacket, _) => phrase!(count_more_packets, "{count} more packets", count),
        (Countable::MoreRequirement, 1) => {
            word!(count_1_more_requirement, "1 more requirement").into()
        }
        (Countable::MoreRequirement, _) => {
            phrase!(count_more_requirements, "{count} more requirements", count)
        }
        (Countable::Requirement, 1) => word!(count_1_requirement, "1 requirement").into(),
        (Countable::Requirement, _) => phrase!(count_requirements, "{count} requirements", count),
        (Countable::Service, 1) => word!(count_1_service, "1 service").into(),
        (Countable::Service, _) => phrase!(count_services, "{count} services", count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!(how_many(1, Countable::Flow), "1 flow");
        assert_eq!(how_many(1200, Countable::MorePacket), "1,200 more packets");
    }
}
