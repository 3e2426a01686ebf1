//! pktaudit (skeleton)
pub mod decode;
pub mod judge;
pub mod model;
pub mod observe;
pub mod rules;
pub mod source;
