//! Looks into a buffer without consuming it.

use std::io::IoSlice;

use bytes::Buf;

/// Shows the bytes of the data of a frame, piece by piece. Returns whether all of them could be seen: a buffer
/// in many pieces need not show them without being consumed.
pub fn peek<D: Buf>(data: &D, mut see: impl FnMut(&[u8])) -> bool {
    let chunk = data.chunk();
    if chunk.len() == data.remaining() {
        see(chunk);
        return true;
    }
    let mut slices = [IoSlice::new(&[]); 16];
    let filled = data.chunks_vectored(&mut slices);
    let slices = slices.get(..filled).unwrap_or_default();
    let seen: usize = slices.iter().map(|slice| slice.len()).sum();
    if seen != data.remaining() {
        return false;
    }
    slices.iter().for_each(|slice| see(slice));
    true
}
