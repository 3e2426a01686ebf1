//! Files of any format and compression, as far as they can be read.

use std::io::Cursor;

use pktaudit::drive::absorb;
use pktaudit::source::{Batch, BatchLimits, FrameSource, InputPath, OpenSource, open_reader};

/// Batches that are read of one input: of a compressed one a little more comes out than went in.
const MOST_BATCHES: usize = 64;

pub(crate) fn open(bytes: &[u8]) {
    // What an archive holds is told by the first call; the limits of frames must leave no trace.
    let (all, batches) = read(bytes, 4096);
    let (some, _) = read(bytes, 7);
    if batches < MOST_BATCHES && all < MOST_BATCHES * 7 {
        assert_eq!(all, some, "frames depend on the size of batches");
    }
}

/// Frames and batches of what opens.
fn read(bytes: &[u8], frames: usize) -> (usize, usize) {
    let Some(mut source) = opened(bytes) else {
        return (0, 0);
    };
    let (mut batch, mut all, mut batches) = (Batch::default(), 0, 0);
    let limits = BatchLimits {
        frames,
        ..BatchLimits::default()
    };
    while batches < MOST_BATCHES && batch.fill(&mut source, limits) > 0 {
        let observation = absorb(&batch, 0, batches as u32, &[]);
        let tally = observation.tally();
        assert_eq!(observation.chunks().frames(), batch.len() as u64);
        assert!(tally.decoded <= batch.len() as u64);
        all += batch.len();
        batches += 1;
    }
    let _ = (
        source.damage(),
        source.loss(),
        source.beside(),
        source.interfaces(),
    );
    (all, batches)
}

/// The source, or nothing and an error with words.
pub(crate) fn opened(bytes: &[u8]) -> Option<OpenSource> {
    match open_reader(Cursor::new(bytes.to_vec()), &InputPath::Stdin) {
        Ok(source) => Some(source),
        Err(error) => {
            assert!(!error.reason().is_empty());
            None
        }
    }
}
