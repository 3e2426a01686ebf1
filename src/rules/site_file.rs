//! The site file as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::syntax::{OneOrMany, Placed, PortText, TransportText};

/// A site file as written.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SiteFile {
    /// The site.
    #[serde(default)]
    pub(super) site: SiteText,
    /// Role to addresses, CIDRs, names or wildcards.
    #[serde(default)]
    pub(super) roles: BTreeMap<Placed<String>, Placed<OneOrMany<String>>>,
    /// Feature to on (`true`) or off.
    #[serde(default)]
    pub(super) features: BTreeMap<Placed<String>, bool>,
    /// Product or component to its version.
    #[serde(default)]
    pub(super) versions: BTreeMap<Placed<String>, Placed<String>>,
    /// Facts of single hosts.
    #[serde(default)]
    pub(super) host: Vec<HostText>,
    /// Requirement to the ports that replace its own.
    #[serde(default)]
    pub(super) ports: BTreeMap<Placed<String>, Placed<OneOrMany<PortText>>>,
    /// Web proxies.
    #[serde(default)]
    pub(super) proxies: ProxiesText,
    /// How hosts learn addresses, where packets do not show it.
    #[serde(default)]
    pub(super) dns: DnsText,
    /// Encrypted client hellos.
    #[serde(default)]
    pub(super) ech: EchText,
    /// Traffic that is none of the audit's business.
    #[serde(default)]
    pub(super) ignore: Vec<Placed<IgnoreText>>,
}

/// The site as a whole.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SiteText {
    /// Its name.
    #[serde(default)]
    pub(super) name: String,
    /// Regions of its tenant; absent = every region is allowed.
    pub(super) region: Option<Placed<OneOrMany<String>>>,
    /// Documents in force; absent = all loaded ones.
    pub(super) documents: Option<Placed<OneOrMany<String>>>,
    /// Day on which dated requirements are judged; absent = the packets' own days.
    pub(super) as_of: Option<Placed<String>>,
    /// Day on which the vendor account was made.
    pub(super) account_created: Option<Placed<String>>,
}

/// A host.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HostText {
    /// Its address.
    pub(super) address: Placed<String>,
    /// What people call it.
    #[serde(default)]
    pub(super) name: String,
    /// Roles that it is in, besides those of `[roles]`.
    #[serde(default)]
    pub(super) roles: Vec<Placed<String>>,
    /// Its own versions.
    #[serde(default)]
    pub(super) versions: BTreeMap<Placed<String>, Placed<String>>,
}

/// Web proxies.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProxiesText {
    /// `address` or `address:port`.
    #[serde(default)]
    pub(super) addresses: Vec<Placed<String>>,
}

/// How hosts learn addresses, where packets do not show it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DnsText {
    /// Whether DNS over TLS, HTTPS or QUIC to the site's own name servers stands for the DNS that pages ask for.
    #[serde(default)]
    pub(super) encrypted: bool,
    /// Resolvers over HTTPS: addresses, CIDRs, names or wildcards.
    #[serde(default)]
    pub(super) https_resolvers: Vec<Placed<String>>,
    /// Prefixes under which IPv4 addresses stand in IPv6 ones (RFC 6052): /32, /40, /48, /56, /64 or /96.
    #[serde(default)]
    pub(super) nat64: Vec<Placed<String>>,
}

/// Encrypted client hellos.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct EchText {
    /// Names that stand in clear for others, as a provider's `public_name` does: names or wildcards.
    #[serde(default)]
    pub(super) outer_names: Vec<Placed<String>>,
}

/// Traffic to leave out; every key that is there must fit.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct IgnoreText {
    /// Why; the report says it.
    #[serde(default)]
    pub(super) about: Placed<String>,
    /// Who opened it: addresses or CIDRs.
    pub(super) from: Option<Placed<OneOrMany<String>>>,
    /// Where to: addresses, CIDRs, names or wildcards.
    pub(super) to: Option<Placed<OneOrMany<String>>>,
    /// Destination ports.
    pub(super) port: Option<Placed<OneOrMany<PortText>>>,
    /// Transports.
    pub(super) transport: Option<Placed<OneOrMany<TransportText>>>,
}
