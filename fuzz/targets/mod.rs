//! What is fuzzed: one function a target, from bytes to nothing, which panics where something is wrong.
//!
//! The fuzzer calls them (`fuzz/src/main.rs`), and so does a test with the corpora that are committed
//! (`tests/all/fuzz_corpora.rs`).

mod applications;
mod audit;
mod contradictions;
mod frames;
mod laws;
mod layers;
mod open;
mod partial;
mod payloads;
mod rules;

/// A target.
pub(crate) type Target = fn(&[u8]);

/// All targets with their names, which are those of their corpora.
pub(crate) const TARGETS: &[(&str, Target)] = &[
    ("audit", audit::audit),
    ("decode", layers::decode),
    ("dns", applications::dns),
    ("dns-seed", applications::dns_seed),
    ("http", applications::http),
    ("import", rules::import),
    ("laws", laws::laws),
    ("open", open::open),
    ("partial", partial::partial),
    ("quic", applications::quic),
    ("rules", rules::rules),
    ("segments", frames::segments),
    ("site", rules::site),
    ("tls", applications::tls),
];
