//! The shipped rule sets, built into the binary.

use super::RuleText;

/// Rule files that are shipped together under one name.
#[derive(Debug)]
pub struct ShippedSet {
    /// What `--rules @NAME` calls it.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// File name and text of each file, ascending by name; a file has the name of its document.
    files: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../rules/", $name)))),*]
    };
}

/// All shipped sets; the first is what is used where no rules are named.
pub const SHIPPED_SETS: &[ShippedSet] = &[
    ShippedSet {
        name: "trend-micro",
        about: "Trend Micro Workload Security, Server & Workload Protection, Vision One Service Gateway",
        files: files![
            "server-workload-protection.toml",
            "vision-one-jp-cloud-extension.toml",
            "workload-security-en.toml",
            "workload-security-ja.toml",
        ],
    },
    ShippedSet {
        name: "microsoft-365",
        about: "Microsoft 365, worldwide",
        files: files!["microsoft-365-worldwide.toml"],
    },
    ShippedSet {
        name: "defender-endpoint",
        about: "Microsoft Defender for Endpoint, commercial clouds",
        files: files!["defender-endpoint-commercial.toml"],
    },
    ShippedSet {
        name: "openshift",
        about: "OpenShift, egress of a cluster",
        files: files!["openshift-egress.toml"],
    },
    ShippedSet {
        name: "crowdstrike-falcon",
        about: "CrowdStrike Falcon sensor",
        files: files!["crowdstrike-falcon-sensor.toml"],
    },
];

impl ShippedSet {
    /// Its files.
    #[must_use]
    pub fn texts(&self) -> Vec<RuleText> {
        let text = |(name, text): &(&str, &str)| RuleText {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        };
        self.files.iter().map(text).collect()
    }

    /// What stands between quotes in its files, and outside of them.
    pub(super) fn quoted(&self) -> impl Iterator<Item = &'static str> {
        let texts = self.files.iter().map(|(_, text)| *text);
        texts.flat_map(|text| text.split('"'))
    }

    /// Whether a document of it has this id.
    #[must_use]
    pub fn has_document(&self, id: &str) -> bool {
        self.files
            .iter()
            .any(|(name, _)| name.strip_suffix(".toml") == Some(id))
    }
}

/// The shipped set of a name.
#[must_use]
pub fn shipped_set(name: &str) -> Option<&'static ShippedSet> {
    SHIPPED_SETS.iter().find(|set| set.name == name)
}

/// The rules that are used where none are named.
#[must_use]
pub fn embedded() -> Vec<RuleText> {
    SHIPPED_SETS
        .first()
        .map(ShippedSet::texts)
        .unwrap_or_default()
}

/// The shipped sets beside the first whose documents a site file names in `[site] documents`; none where the text is no
/// TOML, which is told when it is read.
#[must_use]
pub fn sets_named_by_site(text: &str) -> Vec<&'static ShippedSet> {
    let named = text.parse::<toml::Table>().ok();
    let named = named
        .as_ref()
        .and_then(|file| file.get("site")?.get("documents"));
    let ids: Vec<&str> = match named {
        Some(toml::Value::String(id)) => vec![id],
        Some(toml::Value::Array(list)) => list.iter().filter_map(toml::Value::as_str).collect(),
        _ => Vec::new(),
    };
    let others = SHIPPED_SETS.iter().skip(1);
    others
        .filter(|set| ids.iter().any(|id| set.has_document(id)))
        .collect()
}

/// A first rule file of five rows, to be changed by a person.
pub const FIRST_RULES: &str = include_str!("init.toml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rules_have_five_rows_and_nothing_wrong() {
        let text = RuleText {
            name: "init.toml".to_owned(),
            text: FIRST_RULES.to_owned(),
        };
        let (library, problems) = super::super::check(&[text]).unwrap();
        assert_eq!(library.requirements.len(), 5);
        let loud: Vec<_> = problems
            .iter()
            .filter(|problem| problem.severity < super::super::ProblemSeverity::Note)
            .collect();
        assert!(loud.is_empty(), "{loud:?}");
    }

    #[test]
    fn every_shipped_set_is_sound_alone_and_all_go_together() {
        let mut all = Vec::new();
        for set in SHIPPED_SETS {
            let (library, _) = super::super::check(&set.texts()).unwrap();
            assert!(!library.requirements.is_empty(), "{}", set.name);
            for document in &library.documents {
                assert!(set.has_document(&document.id), "{}", document.id);
            }
            all.extend(set.texts());
        }
        assert!(super::super::check(&all).is_ok());
    }

    #[test]
    fn sets_of_others_say_from_when_their_facts_are() {
        for set in SHIPPED_SETS.iter().skip(1) {
            let (library, _) = super::super::check(&set.texts()).unwrap();
            for document in &library.documents {
                let note = document.notes.first().unwrap();
                assert!(
                    note.starts_with("facts of ") && note.contains("20"),
                    "{note}"
                );
            }
        }
    }

    #[test]
    fn a_site_file_takes_the_sets_whose_documents_it_names() {
        let named = |text: &str| -> Vec<&str> {
            sets_named_by_site(text)
                .iter()
                .map(|set| set.name)
                .collect()
        };
        assert_eq!(
            named("[site]\ndocuments = [\"openshift-egress\", \"workload-security-ja\"]"),
            ["openshift"]
        );
        assert_eq!(
            named("[site]\ndocuments = \"microsoft-365-worldwide\""),
            ["microsoft-365"]
        );
        assert_eq!(named("[site]\nname = \"x\""), [""; 0]);
        assert_eq!(named("no toml"), [""; 0]);
    }
}
