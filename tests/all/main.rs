//! Tests of the built program and of the house itself, as one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod layering;
