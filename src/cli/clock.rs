//! The machine's clock: asked only where a person asks about "now".

use crate::model::CaptureTime;

/// Now.
pub(super) fn now() -> CaptureTime {
    let nanos = jiff::Timestamp::now().as_nanosecond();
    CaptureTime::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}
