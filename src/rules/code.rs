//! The codes of problems: stable kebab words, each with its meaning.

macro_rules! codes {
    ($($name:ident = $code:literal, $about:literal;)*) => {
        $(#[doc = $about] pub(super) const $name: &str = $code;)*
        /// Every problem code with one line on what it means, in the order of the stages that find them.
        pub const CODES: &[(&str, &str)] = &[$(($code, $about)),*];
    };
}

codes! {
    TOML_SYNTAX = "toml-syntax", "The text is no TOML.";
    UNKNOWN_KEY = "unknown-key", "A key that the format does not have.";
    MISSING_KEY = "missing-key", "A key that must be there is not.";
    WRONG_TYPE = "wrong-type", "A value of another type than the key takes.";
    UNKNOWN_VALUE = "unknown-value", "A word that is none of those the key takes.";
    UNKNOWN_FORMAT = "unknown-format", "The file's format number is not known to this version.";
    TOO_MANY_PROBLEMS = "too-many-problems", "More problems than are shown.";
    TOO_MANY_ROLES = "too-many-roles", "More roles than sets of roles can hold.";
    BAD_ID = "bad-id", "An id that is not of lower-case letters, digits, dots, underscores and hyphens.";
    DUPLICATE_ID = "duplicate-id", "Two requirements or groups of a document have one id.";
    DUPLICATE_DOCUMENT = "duplicate-document", "Two files have one document id.";
    BAD_NAME = "bad-name", "A text that is no domain name.";
    BAD_WILDCARD = "bad-wildcard", "A wildcard or template that cannot be read.";
    BAD_ADDRESS = "bad-address", "A text that is no IP address or CIDR.";
    HOST_BITS_SET = "host-bits-set", "A CIDR with bits beyond its prefix; the network is used.";
    BAD_PORT = "bad-port", "A text that is no port or range of ports.";
    BAD_PATH = "bad-path", "A URL path that does not start with a slash, or stands inside a host.";
    BAD_DATE = "bad-date", "A text that is no date, or a span of dates that runs backwards.";
    BAD_VERSION = "bad-version", "A text that is no version, or a version range that runs backwards.";
    BAD_CONDITION = "bad-condition", "A condition that does not have exactly one key.";
    NO_DESTINATION = "no-destination", "A requirement with neither destinations nor references.";
    UNKNOWN_ROLE = "unknown-role", "A role that is not declared.";
    UNKNOWN_FEATURE = "unknown-feature", "A feature that is not declared.";
    UNKNOWN_REGION = "unknown-region", "A region that is not declared.";
    UNKNOWN_GROUP = "unknown-group", "A group that is not declared.";
    UNKNOWN_DOCUMENT = "unknown-document", "A document that is not loaded.";
    UNKNOWN_REQUIREMENT = "unknown-requirement", "A requirement id that is not loaded.";
    UNKNOWN_COMPONENT = "unknown-component", "A version for a component that no condition asks about.";
    ROLE_LOOP = "role-loop", "Roles that inherit from each other in a circle.";
    ALIAS_CLASH = "alias-clash", "A role alias that another role has.";
    ALIAS_USED = "alias-used", "An alias was used; the role's own name is shown.";
    OVERLAPPING_REGIONS = "overlapping-regions", "Two regions of a document share a name or alias.";
    DANGLING_REFERENCE = "dangling-reference", "A reference to a requirement, document or role that is not there.";
    EMPTY_REFERENCE = "empty-reference", "A reference that resolves to no destination.";
    AMBIGUOUS_REFERENCE = "ambiguous-reference", "A reference that can mean several things.";
    REFERENCE_TOO_WIDE = "reference-too-wide", "References that multiply beyond what is kept.";
    GROUP_OF_ONE = "group-of-one", "A group with fewer than two alternatives.";
    WILDCARD_TOO_BROAD = "wildcard-too-broad", "A wildcard over a public suffix.";
    WILDCARD_SHARED_HOSTING = "wildcard-shared-hosting", "A wildcard over a suffix under which anybody can have names.";
    WILDCARD_CROSSES_DOMAIN = "wildcard-crosses-domain", "A wildcard that also takes other owners' domains.";
    NEAR_TWIN_DOMAIN = "near-twin-domain", "A registrable domain seen once, much like one seen often.";
    DOUBTFUL_DESTINATION = "doubtful-destination", "A destination that the rule file itself marks as doubtful.";
    UNSTATED_PORT = "unstated-port", "Requirements whose page states no port; the document's assumption is used.";
    DATED_REQUIREMENT = "dated-requirement", "Requirements that are valid for a time only.";
    EXPIRED_REQUIREMENT = "expired-requirement", "Requirements that are past their date at the as-of date.";
    UNFILLED_TEMPLATE = "unfilled-template", "A region placeholder in a document that knows no region.";
    PLACEHOLDER_UNBOUND = "placeholder-unbound", "A role that only the site can fill is not filled.";
    SITE_BINDS_NOTHING = "site-binds-nothing", "A site file that gives no role an address.";
    PORT_NOT_CONFIGURABLE = "port-not-configurable", "A port override for a port that the page does not call configurable.";
    SHADOWED_ROW = "shadowed-row", "A row whose destinations another row covers as they are.";
    DOUBLE_ROW = "double-row", "Two rows of a document that say the same.";
    DENIED_AND_ALLOWED = "denied-and-allowed", "A row that forbids what another row of its document lets through.";
    PAGES_DISAGREE = "pages-disagree", "Two documents of a vendor that state different ports for one name.";
    ROW_TOO_WIDE = "row-too-wide", "A row to anywhere on any port.";
    PRIVATE_ADDRESS = "private-address", "An address on a list of outside services that is nobody's on the Internet.";
    ADDRESS_OF_NAME = "address-of-name", "An address that a listed name has today.";
    NEVER_RESOLVED = "never-resolved", "A listed name that --dns-seed has no address for.";
    LOOKALIKE_DOMAIN = "lookalike-domain", "A registrable domain that looks like another one and is not.";
    CONTRADICTION = "contradiction", "The same thing is switched both on and off.";
}
