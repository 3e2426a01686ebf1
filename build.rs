//! Tells the program from which commit it is built. Asks git where this is a clone, cargo's own record where this is a
//! published package, and nobody else; where neither knows, the program knows no commit.

use std::path::Path;
use std::process::Command;

fn main() {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
    };
    println!("cargo::rerun-if-changed=build.rs");
    // A clone inside another project's clone is no clone of this one.
    let commit = if Path::new(".git").exists() {
        let files = ["HEAD", "index", "logs/HEAD"];
        let paths = files
            .iter()
            .filter_map(|file| git(&["rev-parse", "--git-path", file]));
        for path in paths.filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
        println!("cargo::rerun-if-changed=src");
        git(&["rev-parse", "--short=12", "HEAD"]).map(|commit| {
            let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some();
            if changed {
                format!("{commit}-changed")
            } else {
                commit
            }
        })
    } else {
        published()
    };
    let version = env!("CARGO_PKG_VERSION");
    let shown = commit
        .as_ref()
        .map_or(version.to_owned(), |commit| format!("{version} ({commit})"));
    println!("cargo::rustc-env=PKTAUDIT_VERSION={shown}");
    println!(
        "cargo::rustc-env=PKTAUDIT_COMMIT={}",
        commit.unwrap_or_default()
    );
}

/// `cargo package` writes the commit into a file.
fn published() -> Option<String> {
    let record = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    println!("cargo::rerun-if-changed=.cargo_vcs_info.json");
    let (_, rest) = record.split_once("\"sha1\"")?;
    let commit = rest.split('"').nth(1)?;
    commit.get(..12).map(ToOwned::to_owned)
}
