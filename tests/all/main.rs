//! Tests of the built program and of the house itself, as one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alike;
mod authorities;
mod bad_input;
mod book;
mod capture;
mod command_line;
mod conn_states;
mod device;
mod diff_edits;
mod evidence;
mod exports;
mod faults;
mod formats;
mod frame_choice;
mod fuzz_corpora;
#[path = "../../fuzz/targets/mod.rs"]
mod fuzz_targets;
mod half_way;
mod handshakes;
mod harness;
mod hidden_hosts;
mod hidden_mixed;
mod hidden_names;
mod hostile;
mod import;
mod import_pages;
mod import_score;
mod import_shapes;
mod lab_table;
mod last_tries;
mod laws;
mod layering;
mod learning;
#[cfg(feature = "live")]
mod live;
mod many_entries;
mod merging;
mod multipath;
mod nothing_audited;
mod observing;
mod overwriting;
mod pages;
mod pcapng_parts;
mod periods;
mod pipelines;
mod proxies;
mod rules;
mod samples;
mod semantics;
mod shares;
mod shipped_sets;
mod short_ways;
mod side_by_side;
mod source_ports;
mod streams;
mod traffic;
mod transport;
mod type_names;
mod verdict_lookups;
mod verdict_page;
mod verdicts;
mod way_back;
mod wording;
mod words;
