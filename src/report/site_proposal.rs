//! stub
pub fn propose_site(_c: &crate::observe::Capture, _l: &crate::rules::Library) -> String { String::new() }
