//! The decoders of other crates.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use zstd::stream::write::Decoder as ZstdDecoder;

use super::{Coding, Decode, Side, Unfolded};

/// The decoder for an encoding, if it can be made.
pub(super) fn decoder(coding: Coding, side: Side) -> Option<Box<dyn Decode>> {
    Some(match coding {
        Coding::Gzip => Box::new(Gzip(MultiGzDecoder::new(Unfolded::default()))),
        Coding::Deflate => Box::new(Deflate::Unknown(Unfolded::default())),
        Coding::Brotli => Box::new(Brotli(DecompressorWriter::new(Unfolded::default(), BUFFER_BYTES))),
        Coding::Zstd => {
            let mut decoder = ZstdDecoder::new(Unfolded::default()).ok()?;
            let window = match side {
                Side::Request => ZSTD_REQUEST_WINDOW_LOG,
                Side::Response => ZSTD_WINDOW_LOG,
            };
            decoder.window_log_max(window).ok()?;
            Box::new(Zstd(decoder))
        }
    })
}

struct Gzip(MultiGzDecoder<Unfolded>);

/// `deflate` means zlib, but some servers send raw deflate. The first byte decides.
enum Deflate {
    Unknown(Unfolded),
    Zlib(ZlibDecoder<Unfolded>),
    Bare(DeflateDecoder<Unfolded>),
}

struct Brotli(DecompressorWriter<Unfolded>);

struct Zstd(ZstdDecoder<'static, Unfolded>);

impl Decode for Gzip {
    fn out(&mut self) -> &mut Unfolded {
        self.0.get_mut()
    }
}

impl Decode for Deflate {
    fn out(&mut self) -> &mut Unfolded {
        match self {
            Self::Unknown(out) => out,
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Bare(decoder) => decoder.get_mut(),
        }
    }
}

impl Decode for Brotli {
    fn out(&mut self) -> &mut Unfolded {
        self.0.get_mut()
    }
}

impl Decode for Zstd {
    fn out(&mut self) -> &mut Unfolded {
        self.0.get_mut()
    }
}

impl Write for Gzip {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Write for Deflate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const DEFLATE: u8 = 8;
        if let (Self::Unknown(out), Some(first)) = (&mut *self, bytes.first()) {
            let out = std::mem::take(out);
            *self = if first & 0x0F == DEFLATE {
                Self::Zlib(ZlibDecoder::new(out))
            } else {
                Self::Bare(DeflateDecoder::new(out))
            };
        }
        match self {
            Self::Unknown(_) => Ok(0),
            Self::Zlib(decoder) => decoder.write(bytes),
            Self::Bare(decoder) => decoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Unknown(_) => Ok(()),
            Self::Zlib(decoder) => decoder.flush(),
            Self::Bare(decoder) => decoder.flush(),
        }
    }
}

impl Write for Brotli {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Write for Zstd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

const BUFFER_BYTES: usize = 8 * 1024;
/// A window of 8 MiB, the most that HTTP allows.
const ZSTD_WINDOW_LOG: u32 = 23;
/// A window of 4 MiB: more than a request that is read to its end can use.
const ZSTD_REQUEST_WINDOW_LOG: u32 = 22;
