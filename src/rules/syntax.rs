//! Rule files as written: every value keeps its place, nothing is interpreted yet.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, Range};

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, de};

use super::{Direction, GroupKind, Need, RefersAs};

/// A value with the bytes of the file that it came from.
#[derive(Clone, Debug, Default)]
pub(super) struct Placed<T> {
    /// The bytes.
    pub(super) span: Range<usize>,
    /// The value.
    pub(super) value: T,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = toml::Spanned::<T>::deserialize(deserializer)?;
        Ok(Self {
            span: spanned.span(),
            value: spanned.into_inner(),
        })
    }
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Places do not count.
impl<T: PartialEq> PartialEq for Placed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Placed<T> {}

impl<T: PartialOrd> PartialOrd for Placed<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Placed<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// One value, or a list of them.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum OneOrMany<T> {
    /// One, written without a list.
    One(T),
    /// A list.
    Many(Vec<Placed<T>>),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    /// The values with their places; one that stands alone has the place `whole`.
    pub(super) fn entries<'a>(
        &'a self,
        whole: &'a Range<usize>,
    ) -> impl Iterator<Item = (&'a T, Range<usize>)> {
        let (one, many) = match self {
            Self::One(value) => (Some((value, whole.clone())), [].as_slice()),
            Self::Many(list) => (None, list.as_slice()),
        };
        one.into_iter()
            .chain(many.iter().map(|p| (&p.value, p.span.clone())))
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Many(list) if list.is_empty())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Either<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list of values")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(text.into_deserializer()).map(OneOrMany::One)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                T::deserialize(number.into_deserializer()).map(OneOrMany::One)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(OneOrMany::One)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(OneOrMany::Many(list))
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// A short text, or a table that says more.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum TextOr<T> {
    /// The short form.
    Text(String),
    /// The table; few entries have one.
    Table(Box<T>),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for TextOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Either<T> {
            type Value = TextOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a table")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                String::deserialize(StrDeserializer::new(text)).map(TextOr::Text)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Box::<T>::deserialize(MapAccessDeserializer::new(map)).map(TextOr::Table)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// A port as a number or a range as a text.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum PortText {
    /// `443`
    Number(i64),
    /// `"5000-5010"`
    Range(String),
}

impl fmt::Display for PortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => write!(f, "{n}"),
            Self::Range(text) => f.write_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for PortText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = PortText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port such as 443 or a range such as \"5000-5010\"")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(PortText::Number(number))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(PortText::Range(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What runs on IP, as rules write it.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TransportText {
    /// TCP.
    Tcp,
    /// UDP; QUIC and DTLS too.
    Udp,
    /// ICMP, for IPv4.
    Icmp,
    /// ICMP for IPv6.
    Icmpv6,
}

/// A rule file: one vendor page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RuleFile {
    /// Number of the format; 1.
    pub(super) format: Placed<i64>,
    /// The page.
    pub(super) document: DocumentText,
    /// Regions that the page's placeholders and columns know.
    #[serde(default)]
    pub(super) regions: BTreeMap<Placed<String>, RegionText>,
    /// Who may be source or destination.
    #[serde(default)]
    pub(super) roles: BTreeMap<Placed<String>, RoleText>,
    /// Switches; where two components have a switch of one name, the key is `component/name`.
    #[serde(default)]
    pub(super) features: BTreeMap<Placed<String>, FeatureText>,
    /// Alternatives and pools.
    #[serde(default)]
    pub(super) group: Vec<GroupText>,
    /// The rows.
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "rows are read apart from the rest; here they are for the schema"
    )]
    pub(super) requirement: Vec<RequirementText>,
}

/// The page that a file is about.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DocumentText {
    /// Kebab id, unique over all loaded files.
    pub(super) id: Placed<String>,
    /// Who publishes it.
    #[serde(default)]
    pub(super) vendor: String,
    /// The product.
    #[serde(default)]
    pub(super) product: String,
    /// How a person finds the page.
    #[serde(default)]
    pub(super) page: String,
    /// Language tag.
    #[serde(default)]
    pub(super) language: String,
    /// The page is only about tenants of these regions.
    #[serde(default)]
    pub(super) region_scope: Placed<OneOrMany<String>>,
    /// Conditions for the whole page.
    #[serde(default)]
    pub(super) when: Vec<Placed<ConditionText>>,
    /// Ports assumed where the page states none.
    #[serde(default)]
    pub(super) unstated_ports: Placed<OneOrMany<PortText>>,
    /// Transports assumed where the page states none.
    #[serde(default)]
    pub(super) unstated_transport: Placed<OneOrMany<TransportText>>,
    /// Ids of older documents.
    #[serde(default)]
    pub(super) supersedes: Vec<String>,
    /// Registrable domains that are the vendor's own; told from the names where absent.
    #[serde(default)]
    pub(super) vendor_domains: Vec<Placed<String>>,
    /// Short facts.
    #[serde(default)]
    pub(super) notes: Vec<String>,
}

/// A region.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RegionText {
    /// What templates print for it; its key where absent, and `"*"` where the page does not tell: any label.
    pub(super) label: Option<Placed<String>>,
    /// Other words for it.
    #[serde(default)]
    pub(super) aliases: Vec<Placed<String>>,
}

/// A role.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RoleText {
    /// What it is.
    #[serde(default)]
    pub(super) about: String,
    /// Other names for it.
    #[serde(default)]
    pub(super) aliases: Vec<Placed<String>>,
    /// Roles that a host in this role is in too.
    #[serde(default)]
    pub(super) inherits: Vec<Placed<String>>,
    /// May be absent from a site.
    #[serde(default)]
    pub(super) optional: bool,
    /// Zero or more names that only the site knows.
    #[serde(default)]
    pub(super) placeholder: bool,
    /// A service outside of the site; implied by `names-from` and `networks-from`.
    #[serde(default)]
    pub(super) external: bool,
    /// Requirements whose destinations are this role's names: an id, `prefix*`, or `document/id`.
    #[serde(default)]
    pub(super) names_from: Vec<Placed<String>>,
    /// Requirements whose sources are this role's networks where it opens flows: as `names-from`.
    #[serde(default)]
    pub(super) networks_from: Vec<Placed<String>>,
}

/// A feature switch.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FeatureText {
    /// The component that has it.
    #[serde(default)]
    pub(super) component: String,
    /// What it is.
    #[serde(default)]
    pub(super) about: String,
    /// What holds where the site does not say.
    #[serde(default)]
    pub(super) default: DefaultText,
}

/// What holds where the site does not say.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DefaultText {
    /// Switched on.
    On,
    /// Switched off.
    Off,
    /// Nobody knows.
    #[default]
    Unknown,
}

/// A group of requirements.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct GroupText {
    /// Unique in the document.
    pub(super) id: Placed<String>,
    /// What its members mean to each other.
    pub(super) kind: GroupKind,
    /// What it is about.
    #[serde(default)]
    pub(super) about: String,
    /// The alternative that the page recommends.
    pub(super) recommended: Option<Placed<String>>,
}

/// A row.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RequirementText {
    /// Unique in the document.
    pub(super) id: Placed<String>,
    /// What the flow is for.
    #[serde(default)]
    pub(super) service: String,
    /// Who may open it: roles, `"any"`, `{ cidr = ".." }` or `{ ip = ".." }`; absent = anybody.
    #[serde(default)]
    pub(super) from: Placed<OneOrMany<TextOr<FromTable>>>,
    /// False: the source is inferred, the page states none.
    #[serde(default = "yes")]
    pub(super) from_stated: bool,
    /// Where to: `"role:NAME"`, `"any"`, `"localhost"`, a name, wildcard, address or CIDR, or a table.
    #[serde(default)]
    pub(super) to: Placed<OneOrMany<TextOr<ToTable>>>,
    /// True: one requirement for each entry of `to`; ids get `-01`, `-02`, ...
    #[serde(default)]
    pub(super) expand: bool,
    /// Destination ports; absent = not stated by the page.
    #[serde(default)]
    pub(super) ports: Placed<OneOrMany<PortText>>,
    /// The ports follow from the protocol's name only.
    #[serde(default)]
    pub(super) ports_implied: bool,
    /// Transports; absent = not stated by the page.
    #[serde(default)]
    pub(super) transport: Placed<OneOrMany<TransportText>>,
    /// Application protocols; several = all supported, one must be seen.
    #[serde(default)]
    pub(super) app: Placed<OneOrMany<String>>,
    /// Which way, as seen from the site.
    #[serde(default)]
    pub(super) direction: Direction,
    /// Regions, or `"all"`.
    #[serde(default)]
    pub(super) region: Placed<OneOrMany<String>>,
    /// Whether the page calls it required.
    #[serde(default)]
    pub(super) need: Need,
    /// Conditions, all of which must hold.
    #[serde(default)]
    pub(super) when: Vec<Placed<ConditionText>>,
    /// `group/alternative`, or several.
    #[serde(default)]
    pub(super) any_of: Placed<OneOrMany<String>>,
    /// Several destinations are a pool: none must individually be seen.
    #[serde(default)]
    pub(super) pool: bool,
    /// Days on which it is valid.
    #[serde(default)]
    pub(super) valid: Placed<ValidText>,
    /// Cross-references: ids, `prefix*`, `document/id`, a document, a role, or `{ requirements-of = "role" }`.
    #[serde(default)]
    pub(super) refers_to: Placed<OneOrMany<TextOr<ReferenceTable>>>,
    /// What of the rows counts that it refers to: `rows` (as they stand, with their own sources) or `destinations` (for this
    /// row's sources).
    #[serde(default)]
    pub(super) refers_as: RefersAs,
    /// A negative fact: traffic like this is a finding.
    #[serde(default)]
    pub(super) deny: bool,
    /// False: never "required but not seen".
    #[serde(default = "yes")]
    pub(super) must_see: bool,
    /// The site may move the port.
    #[serde(default)]
    pub(super) configurable_port: bool,
    /// The copy of the page has lost this row's names; nothing is made up in their place.
    #[serde(default)]
    pub(super) lost: bool,
    /// Names from a sibling page fill the row: our reading and not a fact of this page.
    #[serde(default)]
    pub(super) join: bool,
    /// A third party's hosts: a hit is weak evidence of the service.
    #[serde(default)]
    pub(super) shared_host: bool,
    /// The destinations are forward proxies: what is inside their CONNECT needs no row of its own.
    #[serde(default)]
    pub(super) forward_proxy: bool,
    /// The ports are the page's example of what a site may choose; the site's own proxies say which count.
    #[serde(default)]
    pub(super) example_port: bool,
    /// Of a row to `localhost`: it is about hosts in this role only.
    pub(super) on: Option<Placed<String>>,
    /// A short fact.
    pub(super) hint: Option<String>,
    /// Where on the page.
    #[serde(default)]
    pub(super) cite: CiteText,
}

const fn yes() -> bool {
    true
}

/// A source that is no role.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FromTable {
    /// A network.
    pub(super) cidr: Option<Placed<String>>,
    /// An address.
    pub(super) ip: Option<Placed<String>>,
    /// A role.
    pub(super) role: Option<Placed<String>>,
}

/// A destination with more to say about it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ToTable {
    /// As the short form.
    pub(super) host: Placed<String>,
    /// Path prefix.
    pub(super) path: Option<Placed<String>>,
    /// Query string.
    pub(super) query: Option<String>,
    /// A third party's host.
    #[serde(default)]
    pub(super) shared_host: bool,
    /// A fact about it.
    pub(super) note: Option<String>,
    /// Why the entry is doubted; it is used as it stands, and flagged.
    pub(super) doubtful: Option<String>,
    /// As the page prints it.
    pub(super) printed: Option<String>,
    /// What a doubtful entry is probably meant to be; a hit on it points to the entry.
    pub(super) twin: Option<Placed<String>>,
    /// False, in a row with `expand`: its absence is normal.
    #[serde(default = "yes")]
    pub(super) must_see: bool,
}

/// A reference to what a role needs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ReferenceTable {
    /// All destinations that this role needs.
    pub(super) requirements_of: Placed<String>,
}

/// A condition: a table with exactly one key.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ConditionText {
    /// This feature is on.
    pub(super) feature: Option<Placed<String>>,
    /// This feature is off.
    pub(super) feature_off: Option<Placed<String>>,
    /// A host in this role exists.
    pub(super) component: Option<Placed<String>>,
    /// A version lies in a range.
    pub(super) version: Option<Placed<VersionText>>,
    /// The account was created before this day.
    pub(super) created_before: Option<Placed<String>>,
    /// Advice for firewalls that cannot do something.
    pub(super) restriction: Option<Placed<String>>,
    /// One of them holds.
    pub(super) any: Option<Vec<Placed<ConditionText>>>,
    /// All of them hold.
    pub(super) all: Option<Vec<Placed<ConditionText>>>,
    /// It does not hold.
    pub(super) not: Option<Box<Placed<ConditionText>>>,
}

/// A range of versions; both ends belong to it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct VersionText {
    /// Whose version.
    pub(super) of: Placed<String>,
    /// The first.
    pub(super) from: Option<Placed<String>>,
    /// The last.
    pub(super) until: Option<Placed<String>>,
}

/// Days, both included, UTC.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ValidText {
    /// First day, `YYYY-MM-DD`.
    pub(super) from: Option<Placed<String>>,
    /// Last day.
    pub(super) until: Option<Placed<String>>,
}

/// A place on the page.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CiteText {
    /// Table or heading.
    #[serde(default)]
    pub(super) table: String,
    /// Row.
    #[serde(default)]
    pub(super) row: String,
    /// First line in the text copy of the page, counted from 1.
    pub(super) line: Option<u32>,
}
