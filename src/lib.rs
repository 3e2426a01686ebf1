//! pktaudit (skeleton)
pub mod decode;
pub mod model;
pub mod rules;
pub mod source;
