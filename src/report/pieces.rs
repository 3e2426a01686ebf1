//! Long lists put into words by several threads, a piece each, and written in their order.

use std::ops::Range;

use rayon::prelude::*;

use super::ReportError;

/// Items of a piece: some hundred kilobytes of text, which the cache holds until they are written.
const PIECE: usize = 64;

/// Makes the text of all pieces of a list of `count` items and hands it to `write`, in order. No more pieces are held
/// than a few for each thread.
pub(super) fn in_pieces(
    count: usize,
    text: impl Fn(Range<usize>) -> Result<Vec<u8>, ReportError> + Sync,
    mut write: impl FnMut(&[u8]) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let starts: Vec<usize> = (0..count).step_by(PIECE).collect();
    for some in starts.chunks(4 * rayon::current_num_threads().max(1)) {
        let pieces: Vec<Result<Vec<u8>, ReportError>> = some
            .par_iter()
            .map(|start| text(*start..(start + PIECE).min(count)))
            .collect();
        for piece in pieces {
            write(&piece?)?;
        }
    }
    Ok(())
}
