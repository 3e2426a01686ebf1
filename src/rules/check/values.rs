//! Single values: ids, ports, names, addresses, dates, versions, conditions.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use ipnet::IpNet;
use jiff::civil::Date;

use super::super::code;
use super::super::pattern::REGION;
use super::super::problem::{Problems, SourceText, did_you_mean};
use super::super::requirement::canonical;
use super::super::syntax::{
    ConditionText, OneOrMany, Placed, PortText, TransportText, ValidText, VersionText,
};
use super::super::{
    Condition, FeatureIndex, NamePattern, NameTemplate, RoleIndex, Target, Validity, Version,
    VersionRange,
};
use crate::model::{PortSet, Transport};

/// Where values of one file are checked: its text, the list of problems, and what its words mean.
pub(in crate::rules) struct Values<'a> {
    pub(in crate::rules) source: &'a Arc<SourceText>,
    pub(in crate::rules) problems: &'a mut Problems,
    /// Role words (names and aliases) that may be used, with what they mean.
    pub(in crate::rules) roles: &'a BTreeMap<String, RoleIndex>,
    /// Feature keys that may be used.
    pub(in crate::rules) features: &'a BTreeMap<String, FeatureIndex>,
}

impl Values<'_> {
    pub(in crate::rules) fn error(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.problems
            .error(self.source, code, span.clone(), message, hint);
    }

    pub(in crate::rules) fn warning(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.problems
            .warning(self.source, code, span.clone(), message, hint);
    }

    /// Whether a text is an id; a problem where it is not.
    pub(in crate::rules) fn id(&mut self, id: &Placed<String>, slash: bool) -> bool {
        let fits = |c: char| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c) || (slash && c == '/')
        };
        let good = !id.is_empty()
            && id.len() <= 100
            && id.chars().all(fits)
            && !id.starts_with(['-', '.', '/']);
        if !good {
            let hint = "lower-case letters, digits, `.`, `_` and `-`, at most 100, starting with a letter or digit";
            self.error(
                code::BAD_ID,
                &id.span,
                format!("`{}` is no id", id.value),
                hint.to_owned(),
            );
        }
        good
    }

    fn meant<'w>(&self, word: &str, known: impl Iterator<Item = &'w String>) -> Option<String> {
        match self.problems.is_full() {
            true => None,
            false => did_you_mean(word, known.map(String::as_str)),
        }
    }

    /// A role by its name or alias.
    pub(in crate::rules) fn role(&mut self, word: &str, span: &Range<usize>) -> Option<RoleIndex> {
        let found = self.roles.get(word).copied();
        if found.is_none() {
            let hint = self.meant(word, self.roles.keys());
            self.error(
                code::UNKNOWN_ROLE,
                span,
                format!("the role `{word}` is not declared"),
                hint.or_else(|| Some(format!("declare it: [roles.{word}]"))),
            );
        }
        found
    }

    /// A feature by its key.
    pub(in crate::rules) fn feature(
        &mut self,
        key: &str,
        span: &Range<usize>,
    ) -> Option<FeatureIndex> {
        let found = self.features.get(key).copied();
        if found.is_none() {
            let hint = self.meant(key, self.features.keys());
            self.error(
                code::UNKNOWN_FEATURE,
                span,
                format!("the feature `{key}` is not declared"),
                hint,
            );
        }
        found
    }

    /// Ports; entries that are none are left out, with their problems.
    pub(in crate::rules) fn ports(&mut self, ports: &Placed<OneOrMany<PortText>>) -> PortSet {
        let mut ranges = Vec::new();
        for (port, span) in ports.entries(&ports.span) {
            match port.to_string().parse::<PortSet>() {
                Ok(set) => ranges.extend_from_slice(set.ranges()),
                Err(error) => self.error(code::BAD_PORT, &span, error.to_string(), None),
            }
        }
        PortSet::from_ranges(ranges)
    }

    /// An address or a CIDR; host bits are warned about and dropped.
    pub(in crate::rules) fn network(&mut self, text: &str, span: &Range<usize>) -> Option<IpNet> {
        let (network, exact) = match parse_network(text) {
            Ok(found) => found,
            Err(why) => {
                self.error(code::BAD_ADDRESS, span, why, None);
                return None;
            }
        };
        if !exact {
            let hint = format!("the network is {network}");
            self.warning(
                code::HOST_BITS_SET,
                span,
                format!("`{text}` has bits set beyond its prefix"),
                hint,
            );
        }
        Some(network)
    }

    /// A name, wildcard, template, address or CIDR.
    pub(in crate::rules) fn host(&mut self, text: &str, span: &Range<usize>) -> Option<Target> {
        let text = text.trim();
        if text.contains("://") {
            self.error(
                code::BAD_NAME,
                span,
                format!("`{text}` is a URL"),
                "write the host, and the path as { host = .., path = .. }".to_owned(),
            );
            return None;
        }
        let last = text.rsplit('.').next().unwrap_or_default();
        let numeric = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
        if let Some((before, after)) = text.split_once('/') {
            let address = before.contains(':') || before.parse::<IpAddr>().is_ok();
            if address || after.bytes().all(|b| b.is_ascii_digit()) {
                return self.network(text, span).map(Target::Network);
            }
            let hint = format!("write {{ host = \"{before}\", path = \"/{after}\" }}");
            self.error(
                code::BAD_PATH,
                span,
                format!("`{text}` is a host with a path"),
                hint,
            );
            return None;
        }
        if text.matches(':').count() > 1 || numeric {
            return self.network(text, span).map(Target::Network);
        }
        if let Some((host, _)) = text.split_once(':') {
            let hint = format!("write `{host}`, and the port under `ports`");
            self.error(
                code::BAD_NAME,
                span,
                format!("`{text}` is a host with a port"),
                hint,
            );
            return None;
        }
        self.name(text, span)
    }

    fn name(&mut self, text: &str, span: &Range<usize>) -> Option<Target> {
        let refused = match (text.contains(REGION), text.contains(['*', '<', '>'])) {
            (true, _) => match NameTemplate::parse(text) {
                Ok(template) => return Some(Target::Template(template)),
                Err(error) => (code::BAD_WILDCARD, error),
            },
            (false, wild) => match NamePattern::parse(text) {
                Ok(pattern) if pattern.as_str().contains('.') => {
                    return Some(Target::Name(pattern));
                }
                Ok(_) if !wild => {
                    let hint = self
                        .meant(text, self.roles.keys())
                        .filter(|_| text.len() > 2);
                    let known = self.roles.contains_key(text);
                    let hint = if known {
                        Some(format!("did you mean `role:{text}`?"))
                    } else {
                        hint
                    };
                    self.error(
                        code::BAD_NAME,
                        span,
                        format!("`{text}` has one label only"),
                        hint,
                    );
                    return None;
                }
                // `*com` is a pattern; how far it reaches is judged with the other wildcards.
                Ok(pattern) => return Some(Target::Name(pattern)),
                Err(error) if wild => (code::BAD_WILDCARD, error),
                Err(error) => (code::BAD_NAME, error),
            },
        };
        self.error(refused.0, span, refused.1.to_string(), None);
        None
    }

    /// A day.
    pub(in crate::rules) fn date(&mut self, text: &Placed<String>) -> Option<Date> {
        let date = text.parse::<Date>().ok().filter(|_| text.len() == 10);
        if date.is_none() {
            self.error(
                code::BAD_DATE,
                &text.span,
                format!("`{}` is no date", text.value),
                "write YYYY-MM-DD".to_owned(),
            );
        }
        date
    }

    /// A version.
    pub(in crate::rules) fn version(&mut self, text: &Placed<String>) -> Option<Version> {
        text.parse::<Version>()
            .map_err(|error| self.error(code::BAD_VERSION, &text.span, error.to_string(), None))
            .ok()
    }

    /// Days on which something is valid.
    pub(in crate::rules) fn validity(&mut self, valid: &Placed<ValidText>) -> Validity {
        let validity = Validity {
            from: valid.from.as_ref().and_then(|d| self.date(d)),
            until: valid.until.as_ref().and_then(|d| self.date(d)),
        };
        if let (Some(from), Some(until)) = (validity.from, validity.until)
            && from > until
        {
            self.error(
                code::BAD_DATE,
                &valid.span,
                format!("{from} is after {until}"),
                None,
            );
        }
        validity
    }

    /// A list of conditions; those that cannot be read are left out, with their problems.
    pub(in crate::rules) fn conditions(
        &mut self,
        list: &[Placed<ConditionText>],
    ) -> Vec<Condition> {
        list.iter()
            .filter_map(|condition| self.condition(condition))
            .collect()
    }

    fn condition(&mut self, text: &Placed<ConditionText>) -> Option<Condition> {
        let mut found = Vec::new();
        let mut keys = 0_usize;
        let mut take = |condition: Option<Condition>| {
            keys += 1;
            found.extend(condition);
        };
        for (key, on) in [(&text.feature, true), (&text.feature_off, false)] {
            if let Some(key) = key {
                let feature = self.feature(key, &key.span);
                take(feature.map(|feature| Condition::Feature {
                    feature,
                    key: key.value.clone(),
                    on,
                }));
            }
        }
        if let Some(role) = &text.component {
            let index = self.role(role, &role.span);
            take(index.map(|index| Condition::Component {
                role: index,
                name: role.value.clone(),
            }));
        }
        if let Some(version) = &text.version {
            take(self.version_range(version));
        }
        if let Some(day) = &text.created_before {
            take(self.date(day).map(Condition::CreatedBefore));
        }
        if let Some(what) = &text.restriction {
            let is_id = self.id(what, true);
            take(is_id.then(|| Condition::Restriction(what.value.clone())));
        }
        if let Some(list) = &text.any {
            take(Some(Condition::Any(self.conditions(list))));
        }
        if let Some(list) = &text.all {
            take(Some(Condition::All(self.conditions(list))));
        }
        if let Some(inner) = &text.not {
            take(self.condition(inner).map(|c| Condition::Not(Box::new(c))));
        }
        if keys != 1 {
            let message = match keys {
                0 => "the condition is empty",
                _ => "a condition has exactly one key",
            };
            let hint = "put several conditions into a list, or into { all = [..] }".to_owned();
            self.error(code::BAD_CONDITION, &text.span, message, hint);
            return None;
        }
        found.pop()
    }

    fn version_range(&mut self, text: &Placed<VersionText>) -> Option<Condition> {
        let from = text.from.as_ref().map(|v| self.version(v));
        let until = text.until.as_ref().map(|v| self.version(v));
        if from == Some(None) || until == Some(None) {
            return None;
        }
        let range = VersionRange {
            from: from.flatten(),
            until: until.flatten(),
        };
        if range.from.is_none() && range.until.is_none() {
            self.error(
                code::BAD_VERSION,
                &text.span,
                "the version range has neither `from` nor `until`",
                None,
            );
            return None;
        }
        if range.is_backwards() {
            self.error(
                code::BAD_VERSION,
                &text.span,
                format!("the version range {range} runs backwards"),
                None,
            );
            return None;
        }
        self.id(&text.of, true).then(|| Condition::Version {
            of: text.of.value.clone(),
            range,
        })
    }
}

/// Transports as the model has them, ascending.
pub(in crate::rules) fn transports(list: &Placed<OneOrMany<TransportText>>) -> Vec<Transport> {
    let mut out: Vec<Transport> = list
        .entries(&list.span)
        .map(|(transport, _)| match transport {
            TransportText::Tcp => Transport::Tcp,
            TransportText::Udp => Transport::Udp,
            TransportText::Icmp => Transport::Icmp,
            TransportText::Icmpv6 => Transport::Icmpv6,
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// An address or CIDR as a network, and whether it had no bits beyond its prefix. IPv4-mapped IPv6 becomes IPv4.
fn parse_network(text: &str) -> Result<(IpNet, bool), String> {
    let (address, prefix) = text
        .split_once('/')
        .map_or((text, None), |(a, p)| (a, Some(p)));
    let ip: IpAddr = address
        .parse()
        .map_err(|_| format!("`{address}` is no IP address"))?;
    let whole = if ip.is_ipv4() { 32 } else { 128 };
    let length = match prefix {
        None => whole,
        Some(p) if p.len() <= 3 && p.bytes().all(|b| b.is_ascii_digit()) => p
            .parse::<u8>()
            .map_err(|_| format!("`/{p}` is no prefix length"))?,
        Some(p) => return Err(format!("`/{p}` is no prefix length")),
    };
    let network = match (ip, canonical(ip)) {
        (IpAddr::V6(_), v4 @ IpAddr::V4(_)) if length >= 96 => IpNet::new(v4, length - 96),
        _ => IpNet::new(ip, length),
    };
    let network =
        network.map_err(|_| format!("the prefix length {length} is more than {whole}"))?;
    Ok((network.trunc(), network.trunc() == network))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_cut_to_their_prefix() {
        let table = [
            ("10.0.0.1", "10.0.0.1/32", true),
            ("10.0.0.1/8", "10.0.0.0/8", false),
            ("2001:db8::/32", "2001:db8::/32", true),
            ("::ffff:10.1.2.0/120", "10.1.2.0/24", true),
        ];
        for (text, network, exact) in table {
            assert_eq!(
                parse_network(text),
                Ok((network.parse().unwrap(), exact)),
                "{text}"
            );
        }
        for text in [
            "010.0.0.0/8",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/+8",
            "x",
            "",
            "10.0.0.0/",
            "::/129",
            "300.1.1.1",
        ] {
            assert!(parse_network(text).is_err(), "{text}");
        }
    }
}
