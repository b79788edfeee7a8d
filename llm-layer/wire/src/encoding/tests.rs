//! Encoded answers, cut anywhere, and those made to hurt.

#![cfg(feature = "encodings")]

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::HeaderMap;

use super::{Decoder, Unseen};

fn encode(encoding: &str, text: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "bare" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => zstd::encode_all(text, 3).unwrap(),
        "br" => BROTLI.to_vec(),
        _ => text.to_vec(),
    }
}

fn decode<'a>(encoding: &'static str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Unseen> {
    let mut headers = HeaderMap::new();
    headers.insert("content-encoding", encoding.parse().unwrap());
    let mut decoder = Decoder::for_response(&headers)?;
    let mut seen = Vec::new();
    for piece in pieces {
        decoder.feed(piece, |bytes| seen.extend_from_slice(bytes))?;
    }
    Ok(seen)
}

#[test]
fn encodings() {
    let cases = [
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("", "identity"),
        (" , identity", "identity"),
        ("gzip ,identity", "gzip"),
        ("deflate", "deflate"),
        ("deflate", "bare"),
        ("zstd", "zstd"),
        ("br", "br"),
    ];
    for (named, encoding) in cases {
        let encoded = encode(encoding, TEXT);
        assert_eq!(
            decode(named, [&*encoded]).as_deref(),
            Ok(TEXT),
            "{encoding}, whole"
        );
        for cut in 0..encoded.len() {
            let (head, tail) = encoded.split_at(cut);
            assert_eq!(
                decode(named, [head, tail]).as_deref(),
                Ok(TEXT),
                "{encoding}, cut at {cut}"
            );
        }
    }
}

#[test]
fn what_came_before_a_cut_is_seen() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"data: one\n\n").unwrap();
    encoder.flush().unwrap();
    let half = encoder.get_ref().clone();
    assert_eq!(
        decode("gzip", [&*half]).as_deref(),
        Ok(&b"data: one\n\n"[..]),
        "gzip"
    );
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.write_all(b"data: one\n\n").unwrap();
    encoder.flush().unwrap();
    let half = encoder.get_ref().clone();
    assert_eq!(
        decode("zstd", [&*half]).as_deref(),
        Ok(&b"data: one\n\n"[..]),
        "zstd"
    );
}

/// Only the first line used to be read: such answers were taken for broken ones.
#[test]
fn encodings_in_several_lines() {
    let decoder = |lines: [&'static str; 2]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("content-encoding", line.parse().unwrap());
        }
        Decoder::for_response(&headers).map(|made| made.inner.is_some())
    };
    assert!(decoder(["identity", "gzip"]).unwrap(), "one that matters");
    assert!(!decoder(["identity", ""]).unwrap(), "none");
    assert_eq!(decoder(["gzip", "gzip"]).unwrap_err(), Unseen::Encoded, "two");
}

#[test]
fn unreadable() {
    assert_eq!(
        decode("compress", []),
        Err(Unseen::Encoded),
        "an encoding from long ago"
    );
    assert_eq!(decode("gzip, br", []), Err(Unseen::Encoded), "two at once");
    assert_eq!(
        decode("gzip", [&b"not gzip at all, but text"[..]]),
        Err(Unseen::Malformed),
        "gzip"
    );
    assert_eq!(
        decode("zstd", [&b"not zstd at all, but text"[..]]),
        Err(Unseen::Malformed),
        "zstd"
    );
}

#[test]
fn bombs() {
    let mut headers = HeaderMap::new();
    for encoding in ["gzip", "zstd"] {
        headers.insert("content-encoding", encoding.parse().unwrap());
        let bomb = encode(encoding, &vec![0; 300 * 1024 * 1024]);
        let mut decoder = Decoder::for_response(&headers).unwrap();
        let mut largest = 0;
        let result = decoder.feed(&bomb, |bytes| largest = largest.max(bytes.len()));
        assert_eq!(result, Err(Unseen::TooLarge), "{encoding}");
        assert!(
            largest < 2 * Decoder::MAX_STEP_BYTES,
            "{encoding}: {largest} bytes at once"
        );
    }
}

/// A body of 200 KB used to be read for as long as one of 200 MB.
#[test]
fn work_for_a_bomb_is_bounded_by_its_encoded_size() {
    let bomb = encode("gzip", &vec![b' '; 200_000_000]);
    let mut headers = HeaderMap::new();
    headers.insert("content-encoding", "gzip".parse().unwrap());
    let mut decoder = Decoder::for_response(&headers).unwrap();
    assert_eq!(
        decoder.feed(&bomb, |_| {}),
        Err(Unseen::TooLarge),
        "{} bytes",
        bomb.len()
    );
    let most = Decoder::FREE_BYTES + Decoder::MAX_EXPANSION * bomb.len() + Decoder::MAX_STEP_BYTES;
    assert!(decoder.decoded() <= most, "{} bytes of {most}", decoder.decoded());
    assert!(most < 20_000_000, "{most}");
}

#[test]
fn large_body_that_repeats_itself_is_read() {
    let event = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"NUMBER\"}}]}\n\n";
    let text: String = (0..200_000_u32)
        .map(|number| event.replace("NUMBER", &number.wrapping_mul(2_654_435_761).to_string()))
        .collect();
    let encoded = encode("gzip", text.as_bytes());
    assert!(text.len() > 20_000_000, "{} bytes", text.len());
    assert_eq!(
        decode("gzip", [&*encoded]).map(|seen| seen.len()),
        Ok(text.len()),
        "whole"
    );
}

const TEXT: &[u8] = b"data: {\"a\":1}\n\ndata: {\"a\":1}\n\n";

/// `TEXT`, as another encoder wrote it.
const BROTLI: &[u8] = b"\x8b\x0e\x80\x64\x61\x74\x61\x3a\x20\x7b\x22\x61\x22\x3a\x31\x7d\x0a\x0a\x64\x61\x74\x61\x3a\x20\x7b\x22\x61\x22\x3a\x31\x7d\x0a\x0a\x03";
