//! Compressed captures, told by their first bytes: gzip, zstd and xz, each with any number of members.
//!
//! What decompresses before a damaged or cut place is given; then the reader fails, which the reader of the format
//! tells as damage.

use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;

use crate::model::words;
use flate2::bufread::GzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::CONCATENATED;
use liblzma::stream::Stream;

/// The bytes that [`Compression::recognise`] needs.
pub(super) const MAGIC_BYTES: usize = 6;
/// Compressed bytes that are read at once; also the most that damage in a deflate stream can take with it.
const CHUNK: usize = 64 * 1024;
/// Memory that an xz stream may ask for: the dictionary of `xz -9` and room, no gigabytes.
const XZ_MEMORY: u64 = 256 * 1024 * 1024;
/// Window of a zstd stream as a power of two (128 MiB): what `zstd -d` takes unless it is told otherwise.
const ZSTD_WINDOW: u32 = 27;

/// A reader of raw or decompressed bytes.
pub(super) type Bytes = Box<dyn Read + Send>;

words! {
    /// How a file is compressed.
    pub enum Compression {
        /// gzip (RFC 1952), several members allowed.
        Gzip = "gzip",
        /// Zstandard (RFC 8878), several and skippable frames allowed.
        Zstd = "zstd",
        /// xz, several streams allowed.
        Xz = "xz",
    }
}

impl Compression {
    /// Tells it from a file's first bytes; `None` where these start no compressed stream.
    #[must_use]
    pub fn recognise(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    /// A reader of what `compressed` holds.
    ///
    /// # Errors
    /// Where the decoder cannot be made for want of memory.
    pub(super) fn decode(self, compressed: Bytes) -> io::Result<Bytes> {
        let compressed = BufReader::with_capacity(CHUNK, compressed);
        Ok(match self {
            Self::Gzip => Box::new(ToldCompression {
                name: self,
                reader: Members::new(compressed),
            }),
            Self::Zstd => {
                let mut reader = zstd::Decoder::with_buffer(compressed)?;
                reader.window_log_max(ZSTD_WINDOW)?;
                Box::new(ToldCompression { name: self, reader })
            }
            Self::Xz => {
                let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
                Box::new(ToldCompression {
                    name: self,
                    reader: XzDecoder::new_stream(compressed, stream),
                })
            }
        })
    }
}

/// `gzip`, `zstd`, `xz`.
/// A decoder whose failures say in words what is wrong.
struct ToldCompression<R> {
    name: Compression,
    reader: R,
}

impl<R: Read> Read for ToldCompression<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| {
            let name = self.name;
            let text = match error.kind() {
                io::ErrorKind::Interrupted => return error,
                io::ErrorKind::UnexpectedEof => format!("the {name} stream is cut short"),
                _ => format!("the {name} stream is damaged ({error})"),
            };
            io::Error::new(error.kind(), text)
        })
    }
}

/// gzip members one after another. As gzip(1) does, zeros after the last one are passed over (tapes pad with them);
/// anything else there is a failure, since it may be a member whose header was damaged.
struct Members<R: BufRead> {
    decoder: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(compressed: R) -> Self {
        Self {
            decoder: Some(GzDecoder::new(compressed)),
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(decoder) = self.decoder.take() else {
                break;
            };
            let mut compressed = decoder.into_inner();
            match skip_zeros(&mut compressed)? {
                None => {}
                Some(0x1f) => self.decoder = Some(GzDecoder::new(compressed)),
                Some(_) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "what follows a member is no member",
                    ));
                }
            }
        }
        Ok(0)
    }
}

/// Passes zeros over; the byte that follows them, if any.
fn skip_zeros<R: BufRead>(reader: &mut R) -> io::Result<Option<u8>> {
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let next = bytes.get(zeros).copied();
        reader.consume(zeros);
        if next.is_some() {
            return Ok(next);
        }
    }
}

#[cfg(test)]
mod tests;
