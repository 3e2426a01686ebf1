//! Long lists put into words by several threads, a piece each, and written in their order.

use std::ops::Range;

use rayon::prelude::*;

use super::ReportError;

/// Items of a piece where there are very many: some hundred kilobytes of text, which the cache holds until they are
/// written.
pub(super) const MANY: usize = 64;
/// Items of a piece where there are fewer, and one may be long.
pub(super) const FEW: usize = 4;

/// Makes the text of a list of `count` items, `piece` of them at a time, and hands it to `write`, in order. No more pieces are held
/// than a few for each thread.
pub(super) fn in_pieces(
    count: usize,
    piece: usize,
    text: impl Fn(Range<usize>) -> Result<Vec<u8>, ReportError> + Sync,
    mut write: impl FnMut(&[u8]) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let starts: Vec<usize> = (0..count).step_by(piece).collect();
    for some in starts.chunks(4 * rayon::current_num_threads().max(1)) {
        let pieces: Vec<Result<Vec<u8>, ReportError>> = some
            .par_iter()
            .map(|start| text(*start..(start + piece).min(count)))
            .collect();
        for piece in pieces {
            write(&piece?)?;
        }
    }
    Ok(())
}
