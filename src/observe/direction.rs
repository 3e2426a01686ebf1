//! Who opened a flow.

use super::run::FlowRecord;
use crate::model::{Side, Transport, is_group};

/// Who opened, and whether the opening itself was seen. Without one: who spoke like a client; else who is not on a
/// well-known port while the other is; else who spoke first.
pub(super) fn initiator(run: &FlowRecord) -> (Side, bool) {
    let key = &run.key;
    if let Some(opening) = run.opening {
        return (opening.side, true);
    }
    let first_packet = |side: Side| run.sides[side.index()].span().map(|(first, _)| first);
    let speaker = match (first_packet(Side::Low), first_packet(Side::High)) {
        (Some(low), Some(high)) if high < low => Side::High,
        (None, Some(_)) => Side::High,
        _ => Side::Low,
    };
    // Nobody speaks from a group's address.
    let group = |side: Side| is_group(key.endpoint(side).ip);
    match (group(Side::Low), group(Side::High)) {
        (false, true) => return (Side::Low, key.transport() != Transport::Tcp),
        (true, false) => return (Side::High, key.transport() != Transport::Tcp),
        _ => {}
    }
    match run.clients {
        [true, false] => return (Side::Low, false),
        [false, true] => return (Side::High, false),
        _ => {}
    }
    let from_service = is_service_port(key.endpoint(speaker).port);
    let to_service = is_service_port(key.endpoint(speaker.other()).port);
    let datagram = key.transport() != Transport::Tcp;
    match (from_service, to_service) {
        (true, false) if key.transport().has_ports() => (speaker.other(), false),
        _ => (speaker, datagram),
    }
}

/// Ports on which only servers listen as a rule. Used only where a flow's opening was not captured.
const fn is_service_port(port: u16) -> bool {
    matches!(
        port,
        1..1024 | 1433 | 3128 | 3306 | 3389 | 3544 | 5432 | 6514 | 8080 | 8443
    )
}
