//! One program for all targets, since each would take its own minutes to link: `FUZZ_TARGET` names the one that runs, `list`
//! lists them.

#![no_main]

use std::env;
use std::process::exit;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/all/observing.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod observing;
#[path = "../targets/mod.rs"]
mod targets;

static CHOSEN: OnceLock<targets::Target> = OnceLock::new();

fn chosen() -> targets::Target {
    let wanted = env::var("FUZZ_TARGET").unwrap_or_default();
    let found = targets::TARGETS.iter().find(|(name, _)| *name == wanted);
    if let Some((_, target)) = found {
        return *target;
    }
    for (name, _) in targets::TARGETS {
        println!("{name}");
    }
    exit(if wanted == "list" { 0 } else { 2 })
}

fuzz_target!(init: { let _ = CHOSEN.set(chosen()); }, |bytes: &[u8]| {
    if let Some(target) = CHOSEN.get() {
        target(bytes);
    }
});
