//! Which addresses that the site file does not know belong to a host that it does?

use super::Case;
use super::attempt::AttemptOutcome;
use super::finding::{Finding, FindingCode};
use super::flow_verdict::FlowVerdict;
use crate::observe::{Flow, FlowId};
use crate::wording::{Phrase, phrase, word};

/// The most destinations named.
const NAMED: usize = 4;

/// One finding for each address in no role whose card has an address that is in one: its traffic was not audited.
pub(super) fn other_addresses(case: &Case<'_>, out: &mut Vec<Finding>) {
    let profile = case.rules.profile();
    if profile.is_default() {
        return;
    }
    for (ip, others) in case.capture.links.same_card() {
        let known = others.iter().find(|other| profile.is_audited(**other));
        let Some(known) = known.filter(|_| profile.roles_of(ip).is_empty()) else {
            continue;
        };
        let own = (0..).map(FlowId).zip(&case.capture.flows).zip(case.flows);
        let own: Vec<_> = own
            // What is taken for the known one is audited.
            .filter(|((_, flow), verdict)| flow.initiator.ip == ip && verdict.host == ip)
            // So is what it opens to hosts of the site.
            .filter(|(_, verdict)| verdict.out_of_scope.is_some())
            .collect();
        let (Some(first), Some(last)) = (
            own.iter().map(|((_, flow), _)| flow.span.0).min(),
            own.iter().map(|((_, flow), _)| flow.span.1).max(),
        ) else {
            continue;
        };
        let to = destinations(own.iter().map(|((_, flow), verdict)| (*flow, *verdict)));
        let failed = own
            .iter()
            .filter(|(_, verdict)| matches!(verdict.went, AttemptOutcome::Failed(_)));
        let failed = match failed.count() {
            0 => Phrase::default(),
            failed => phrase!(and_failed, ", {failed} of them did not get through", failed),
        };
        let flows = match own.len() {
            1 => word!(one_flow_not, "1 flow was").into(),
            all => phrase!(flows_not, "{all} flows were", all),
        };
        out.push(Finding {
            initiator: Some(ip),
            message: phrase!(same_card, "the same card (MAC address) as {known}, but in no role, so its {flows} not audited{failed}: {to}", known, flows, failed, to),
            advice: phrase!(do_add_to_roles, "add it to the site file, to the roles of {known}", known),
            flows: own.iter().map(|((id, _), _)| *id).collect(),
            span: Some((first, last)),
            ..Finding::new(FindingCode::OtherAddress, ip.to_string())
        });
    }
}

/// Where flows go, the first few of them in words.
fn destinations<'a>(flows: impl Iterator<Item = (&'a Flow, &'a FlowVerdict)>) -> Phrase {
    let mut to: Vec<Phrase> = flows
        .map(|(flow, verdict)| {
            let name = verdict.aim.names.first().map(ToString::to_string);
            let name = name.unwrap_or_else(|| flow.responder.ip.to_string());
            let (port, transport) = (verdict.aim.port, flow.transport);
            phrase!(
                name_and_port,
                "{name} port {port}/{transport}",
                name,
                port,
                transport
            )
        })
        .collect();
    to.sort();
    to.dedup();
    let more = to.len().saturating_sub(NAMED);
    to.truncate(NAMED);
    Phrase::list(to).and_more(more)
}
