//! Tests of the built program and of the house itself, as one binary.

mod layering;
