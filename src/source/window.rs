//! A window on a stream of bytes: the reader of a format asks for as many bytes as its next record needs.

use std::io;
use std::io::Read;

/// The most bytes that are read at once, whatever is asked for.
const MOST: usize = 64 << 20;

/// A buffered view of a reader that knows its offset. Holds no more than was asked for plus its capacity.
#[derive(Debug)]
pub(super) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
    failure: Option<io::Error>,
}

impl<R: Read> Window<R> {
    /// How much is read at once: it fits the second-level cache, larger reads were not faster.
    pub(super) const CAPACITY: usize = 256 * 1024;

    /// A window at the start of a reader. Nothing is read yet.
    pub(super) fn new(reader: R, capacity: usize) -> Self {
        let buffer = vec![0; capacity.max(64)];
        Self {
            reader,
            buffer,
            start: 0,
            end: 0,
            offset: 0,
            ended: false,
            failure: None,
        }
    }

    /// A window at an offset of a stream, whose reader stands there.
    pub(super) fn at(offset: u64, reader: R, capacity: usize) -> Self {
        Self {
            offset,
            ..Self::new(reader, capacity)
        }
    }

    /// The bytes that follow: at least `wanted` of them unless the stream ends or fails before.
    ///
    /// Waits for no more than `wanted`, so that a pipe is read as it fills. The caller bounds `wanted`: the buffer
    /// grows to it.
    #[inline]
    pub(super) fn request(&mut self, wanted: usize) -> &[u8] {
        if self.end - self.start < wanted {
            self.read_more(wanted);
        }
        &self.buffer[self.start..self.end]
    }

    /// The next `count` bytes, or as many as were requested and came; they are passed over.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let first = self.start;
        self.start += count.min(self.end - first);
        self.offset += (self.start - first) as u64;
        &self.buffer[first..self.start]
    }

    /// What is there without reading.
    #[inline]
    pub(super) fn there(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The place in the buffer of the next byte; it holds until more is read.
    #[inline]
    pub(super) const fn place(&self) -> usize {
        self.start
    }

    /// Reads until `capacity` bytes are there, or as many as a buffer may have, or the stream ends.
    pub(super) fn read_full(&mut self, capacity: usize) {
        let capacity = capacity.min(MOST);
        if self.end - self.start < capacity {
            self.read_more(capacity);
        }
    }

    /// Gives the buffer away with all that was passed over in it; what was not goes on in the one that comes instead.
    pub(super) fn hand_over(&mut self, swap: impl FnOnce(&mut Vec<u8>)) {
        let left = self.start..self.end;
        let mut other = std::mem::take(&mut self.buffer);
        let size = other.len();
        let kept = other[left.clone()].to_vec();
        swap(&mut other);
        other.resize(size.max(other.len()), 0);
        other[..kept.len()].copy_from_slice(&kept);
        self.buffer = other;
        (self.start, self.end) = (0, kept.len());
    }

    /// The offset in the stream of the next byte.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the stream ended by a failure of its reader.
    pub(super) fn failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What went wrong, and the reader's failure where there is one: that is the cause then.
    pub(super) fn explain(&self, what: String) -> String {
        match &self.failure {
            Some(failure) => format!("{what}: {failure}"),
            None => what,
        }
    }

    #[cold]
    fn read_more(&mut self, wanted: usize) {
        if self.ended {
            return;
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted.next_power_of_two(), 0);
        }
        while self.end < wanted && !self.ended {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count.min(self.buffer.len() - self.end),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    self.ended = true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte a time, then fails.
    struct Drip(u8);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 200 {
                return Err(io::Error::other("cable cut"));
            }
            buffer[0] = self.0;
            self.0 += 1;
            Ok(1)
        }
    }

    #[test]
    fn gives_what_is_asked_for_and_keeps_the_offset() {
        let mut window = Window::new(Drip(0), 64);
        assert_eq!(window.request(3), [0, 1, 2]);
        assert_eq!(window.take(2), [0, 1]);
        assert_eq!(window.offset(), 2);
        assert_eq!(window.request(100).len(), 100);
        assert_eq!(window.take(100).last(), Some(&101));
        assert_eq!(window.request(150).len(), 98);
        assert_eq!(window.explain("no more".to_owned()), "no more: cable cut");
        assert_eq!(window.take(1000).len(), 98);
        assert_eq!(window.offset(), 200);
        assert!(window.request(1).is_empty());
    }
}
