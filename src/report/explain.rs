//! stub
pub fn explain(_c: &str) -> Option<String> { None }
pub fn explain_finding(_c: crate::judge::FindingCode) -> &'static str { "" }
