//! JSON Schemas of rule and site files, for editors.

use serde_json::Value;

use super::site_file::SiteFile;
use super::syntax::RuleFile;

/// The JSON Schema of rule files, made from the types that read them.
#[must_use]
pub fn rule_file_schema() -> Value {
    schemars::schema_for!(RuleFile).to_value()
}

/// The JSON Schema of site files, made from the types that read them.
#[must_use]
pub fn site_file_schema() -> Value {
    schemars::schema_for!(SiteFile).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_name_every_key_and_refuse_others() {
        let rules = rule_file_schema();
        assert_eq!(rules["additionalProperties"], false);
        assert_eq!(rules["required"], serde_json::json!(["format", "document"]));
        let requirement = &rules["$defs"]["RequirementText"]["properties"];
        for key in [
            "refers-to",
            "configurable-port",
            "any-of",
            "must-see",
            "ports-implied",
        ] {
            assert!(
                requirement[key].is_object(),
                "{key} is missing in {rules:#}"
            );
        }
        assert!(rules["properties"]["regions"]["additionalProperties"].is_object());
        let site = site_file_schema();
        for key in [
            "site", "roles", "features", "versions", "host", "ports", "proxies", "dns", "ech",
            "ignore",
        ] {
            assert!(site["properties"][key].is_object(), "{key} is missing");
        }
    }
}
