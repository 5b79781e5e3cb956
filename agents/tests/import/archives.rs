//! Archives to import: the fixtures, changed ones, and ones made by hand.

use std::io::{Cursor, Read, Write};
use std::path::PathBuf;

use daladala_agents::import::{ImportError, ImportOptions, Imported, from_bytes};
use daladala_env::Rules;
use daladala_env::rules::Classic;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

pub(crate) type Entries = Vec<(String, Vec<u8>)>;

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sb3");
    std::fs::read(folder.join(name)).unwrap()
}

pub(crate) fn import(bytes: &[u8]) -> Result<Imported, ImportError> {
    from_bytes(bytes, &Classic.info().id, ImportOptions::default())
}

/// What is said of an archive that must be refused, on one line that a terminal can show.
pub(crate) fn refused(bytes: &[u8]) -> String {
    let error = import(bytes).expect_err("must be refused").to_string();
    assert!(!error.chars().any(char::is_control) && error.len() < 400, "{error:?}");
    error
}

pub(crate) fn entries(bytes: &[u8]) -> Entries {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let read = |index| {
        let mut entry = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.name().unwrap().into_owned(), content)
    };
    (0..ZipArchive::new(Cursor::new(bytes)).unwrap().len()).map(read).collect()
}

pub(crate) fn zipped(entries: &Entries, method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn stored(entries: &Entries) -> Vec<u8> {
    zipped(entries, CompressionMethod::Stored)
}

/// The archive with one of its entries changed.
pub(crate) fn changed(bytes: &[u8], name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut entries = entries(bytes);
    change(&mut entries.iter_mut().find(|(entry, _)| entry == name).expect(name).1);
    stored(&entries)
}

/// The archive of Stable-Baselines3 with a text in its description replaced.
pub(crate) fn redescribed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    changed(bytes, "data", |data| {
        let text = String::from_utf8(std::mem::take(data)).unwrap();
        assert!(text.contains(from), "{from}");
        *data = text.replace(from, to).into_bytes();
    })
}

/// A `.pth` of a pickle and its storages.
pub(crate) fn pth(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<u8> {
    let mut entries = vec![("archive/data.pkl".to_owned(), pickle.to_vec())];
    entries.extend(storages.iter().map(|(key, content)| (format!("archive/data/{key}"), content.to_vec())));
    stored(&entries)
}

/// The pickle of `{name: tensor}`, one for each description: (name, class of storage, key, numbers, offset, shape,
/// strides).
pub(crate) type Described<'a> = (&'a str, &'a str, &'a str, i32, i32, &'a [i32], &'a [i32]);

pub(crate) fn pickled(tensors: &[Described]) -> Vec<u8> {
    let mut pickle = b"\x80\x02}(".to_vec();
    for (name, class, key, numbers, offset, shape, strides) in tensors {
        text(&mut pickle, name);
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut pickle, "storage");
        pickle.extend(format!("ctorch\n{class}\n").bytes());
        text(&mut pickle, key);
        text(&mut pickle, "cpu");
        int(&mut pickle, *numbers);
        pickle.extend(b"tQ");
        int(&mut pickle, *offset);
        for sizes in [shape, strides] {
            pickle.push(b'(');
            sizes.iter().for_each(|size| int(&mut pickle, *size));
            pickle.push(b't');
        }
        pickle.extend(b"\x89)tR");
    }
    pickle.extend(b"u.");
    pickle
}

fn text(pickle: &mut Vec<u8>, text: &str) {
    pickle.push(b'X');
    pickle.extend((text.len() as u32).to_le_bytes());
    pickle.extend(text.bytes());
}

fn int(pickle: &mut Vec<u8>, value: i32) {
    pickle.push(b'J');
    pickle.extend(value.to_le_bytes());
}
