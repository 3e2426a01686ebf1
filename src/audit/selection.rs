//! What is asked of captures, before anything of it is read.

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::civil::Date;

/// Which requirements are in force, and for which site. The default is the first shipped set, for hosts of which nothing is
/// known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Rule files or folders of them, instead of the shipped ones; `@NAME` is a shipped set, and a `+` before either adds it
    /// to the first shipped set.
    pub rules: Vec<OsString>,
    /// The site file.
    pub site: Option<PathBuf>,
    /// Regions, by any of their names; where there are any, those of the site file do not count.
    pub regions: Vec<String>,
    /// Features that are on; `no-FEATURE` is off.
    pub features: Vec<String>,
    /// The day on which dated requirements are judged; without one each packet's own day counts.
    pub as_of: Option<Date>,
}

impl Selection {
    /// As arguments on a command line, for the head of a report.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut add = |flag: &str, value: String| out.extend([flag.to_owned(), value]);
        for path in &self.rules {
            add("--rules", path.to_string_lossy().into_owned());
        }
        if let Some(site) = &self.site {
            add("--site", site.display().to_string());
        }
        for region in &self.regions {
            add("--region", region.clone());
        }
        for feature in &self.features {
            add("--feature", feature.clone());
        }
        if let Some(day) = self.as_of {
            add("--as-of", day.to_string());
        }
        out
    }
}
