//! Models of PyTorch whose archive is whole: what is inside, the pickle and the numbers, is of the fuzzer's making.
//!
//! The first two bytes are the length of the pickle; the rest is one storage.
#![no_main]

use std::io::{Cursor, Write};

use daladala_agents::Algorithm;
use daladala_agents::import::{ImportOptions, from_bytes};
use daladala_agents::network::Activation;
use daladala_env::{RuleSet, RuleSpec};
use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn archive(pickle: &[u8], storage: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in [("archive/data.pkl", pickle), ("archive/data/0", storage), ("archive/version", b"3\n")] {
        archive.start_file(name, stored)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

fuzz_target!(|bytes: &[u8]| {
    let Some((length, rest)) = bytes.split_first_chunk() else { return };
    let (pickle, storage) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
    let Ok(archive) = archive(pickle, storage) else { return };
    let options = ImportOptions { algorithm: Some(Algorithm::Dqn), activation: Some(Activation::Tanh) };
    _ = from_bytes(&archive, &RuleSpec::of(RuleSet::Classic).id(), options);
});
