//! Destinations that hold far more than a vendor's own.

use super::super::code;
use super::super::problem::Problems;
use super::super::{PatternKind, Target};
use super::Item;

/// Domains of providers under which every customer has names, also where the public suffix list knows only what is below
/// them: a wildcard over one of these covers strangers.
const PROVIDERS: &[&str] = &[
    "akadns.net",
    "akamai.net",
    "akamaiedge.net",
    "akamaihd.net",
    "akamaized.net",
    "aliyuncs.com",
    "amazonaws.com",
    "appspot.com",
    "azure.com",
    "azureedge.net",
    "azurefd.net",
    "azurewebsites.net",
    "blob.core.windows.net",
    "cloudapp.azure.com",
    "cloudapp.net",
    "cloudfront.net",
    "core.windows.net",
    "digitaloceanspaces.com",
    "edgekey.net",
    "edgesuite.net",
    "fastly.net",
    "fastlylb.net",
    "firebaseio.com",
    "github.io",
    "googleapis.com",
    "googleusercontent.com",
    "herokuapp.com",
    "myqcloud.com",
    "oraclecloud.com",
    "trafficmanager.net",
    "windows.net",
];

pub(super) fn too_wide(items: &[Item<'_>], problems: &mut Problems) {
    for item in items.iter().filter(|item| !item.row.deny) {
        match &item.destination.target {
            Target::Name(name) if name.kind() != PatternKind::Exact => {
                let tail = name.literal_tail();
                // What the public suffix list knows `check` has told.
                let told = psl::suffix(tail.as_bytes())
                    .is_some_and(|suffix| suffix.as_bytes() == tail.as_bytes());
                if !told && (PROVIDERS.contains(&tail) || is_region_of(tail)) {
                    let message = format!(
                        "every customer of the provider has names under `{tail}`, so `{name}` covers strangers' servers"
                    );
                    problems.warning(
                        item.source,
                        code::WILDCARD_SHARED_HOSTING,
                        item.span.clone(),
                        message,
                        "list the names, where the page has them".to_owned(),
                    );
                }
            }
            Target::Any if item.row.ports.is_empty() => {
                let message =
                    "to anywhere on any port: nothing could be unexpected beside it".to_owned();
                problems.warning(
                    item.source,
                    code::ROW_TOO_WIDE,
                    item.span.clone(),
                    message,
                    None,
                );
            }
            _ => {}
        }
    }
}

/// `us-1.amazonaws.com` and the like: a region of the provider is no customer's.
fn is_region_of(tail: &str) -> bool {
    let Some((label, provider)) = tail.split_once('.') else {
        return false;
    };
    provider == "amazonaws.com"
        && label.contains('-')
        && label.ends_with(|c: char| c.is_ascii_digit())
}
