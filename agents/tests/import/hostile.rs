//! Files made to do harm, and files that got damaged: each is an error or a model, never more.

use std::time::{Duration, Instant};

use daladala_agents::Checkpoint;
use proptest::prelude::*;
use zip::CompressionMethod;

use crate::archives::{Entries, changed, entries, fixture, import, pickled, pth, refused, stored, zipped};

#[test]
fn a_pickle_that_would_run_something_is_refused_by_its_name() {
    for (pickle, named) in [
        (&b"\x80\x02cos\nsystem\nX\x0b\0\0\0touch owned\x85R."[..], "'os.system'"),
        (b"cposix\nsystem\n(S'touch owned'\ntR.", "'posix.system'"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x0btouch owned\x85R.", "'posix.system'"),
        (b"\x80\x02c__builtin__\neval\nX\x01\0\0\x001\x85R.", "'__builtin__.eval'"),
        (b"\x80\x02cnumpy.core.multiarray\nscalar\n.", "'numpy.core.multiarray.scalar'"),
        (b"\x80\x02ctorch\x1b[2J\nload\n.", "torch\\u{1b}[2J.load"),
        (b"(S'touch owned'\nios\nsystem\n.", "opcode 0x53"),
        (b"(ios\nsystem\n.", "opcode 0x69"),
        (b"\x80\x02\x82\x01.", "opcode 0x82"),
        (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "opcode 0x81"),
        // What may be named, called with what it does not take.
        (b"\x80\x02ctorch\nFloatStorage\n)R.", "calls something"),
        (b"\x80\x02ccollections\nOrderedDict\n(K\x01tR.", "calls something"),
        (b"\x80\x02ctorch._utils\n_rebuild_parameter\n(}tR.", "calls something"),
        (b"\x80\x02ccollections\nOrderedDict\n}b.", "sets attributes"),
        (b"\x80\x02K\x01Q.", "no tuple"),
        (b"\x80\x02(tQ.", "not described"),
        (b"\x80\x02h\x07.", "never had"),
        (b"\x80\x02X\xff\xff\xff\xff", "cut short"),
        (b"\x80\x02}X\x01\0\0\0\xffK\x01s.", "UTF-8"),
        (b"\x80\x02}(K\x01u.", "no value"),
        (b"\x80\x09.", "protocol is 9"),
        (b"\x80\x02.", "more than there is"),
        (b"\x80\x02(0.", "opcode 0x30"),
        (b"\x80\x02K\x01.", "no dictionary"),
        (b"", "cut short"),
    ] {
        let error = refused(&pth(pickle, &[]));
        assert!(error.contains(named), "{named}: {error}");
    }
}

#[test]
fn pickles_that_would_take_all_memory_or_time_are_cut_off() {
    let start = Instant::now();
    let million = 1 << 20;
    let repeated = |unit: &[u8]| unit.iter().copied().cycle().take(million - 1).chain(*b".").collect::<Vec<u8>>();
    assert!(refused(&pth(&repeated(b"("), &[])).contains("nested"));
    // Tuples in tuples, a million deep.
    assert!(refused(&pth(&repeated(b")\x85"), &[])).contains("no dictionary"));
    assert!(refused(&pth(&repeated(b"}\x94"), &[])).contains("no tensors"));
    assert!(refused(&pth(&vec![b'N'; million + 1], &[])).contains("bytes is more than"));
    // A dictionary that holds itself.
    assert!(refused(&pth(b"\x80\x02}q\0X\x0a\0\0\0state_dicth\0s.", &[])).contains("no tensors"));
    // A shape of many dimensions, used over and over.
    let mut pickle = b"\x80\x02(".to_vec();
    pickle.extend(b"K\x01".repeat(100_000));
    pickle.extend(b"tq\0ctorch._utils\n_rebuild_tensor_v2\nq\x01");
    pickle.extend(b"((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000NK\x01tQK\0h\0h\0tR".repeat(1000));
    assert!(refused(&pth(&pickle, &[])).contains("dimensions"));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn zip_bombs_are_refused() {
    let zeros = vec![0; 60 << 20];
    let bomb = pickled(&[("a.weight", "FloatStorage", "0", 15 << 20, 0, &[1, 15 << 20], &[1, 1])]);
    let bomb: Entries = vec![("a/data.pkl".into(), bomb), ("a/data/0".into(), zeros)];
    let packed = zipped(&bomb, CompressionMethod::Deflated);
    assert!(packed.len() < 100_000);
    assert!(refused(&packed).contains("zip bomb"));

    // Not much for its size, but more than any model.
    let noise: Vec<u8> = (0..65_u64 << 18).flat_map(|x| (x.wrapping_mul(0x9e37_79b9) as u32).to_le_bytes()).collect();
    let large = stored(&vec![
        ("a/data.pkl".into(), pickled(&[("a.weight", "FloatStorage", "0", 1, 0, &[1, 1], &[1, 1])])),
        ("a/data/0".into(), noise),
    ]);
    assert!(refused(&large).contains("is more than the 67"));

    // Many tensors of one storage: each is read within what is left.
    let names: Vec<_> = (0..40).map(|index| format!("{index}.weight")).collect();
    let tensors: Vec<_> = names
        .iter()
        .map(|name| (&**name, "FloatStorage", "0", 1 << 20, 0, &[1024, 1024][..], &[1024, 1][..]))
        .collect();
    let shared = pth(&pickled(&tensors), &[("0", &vec![0; 4 << 20])]);
    assert!(refused(&shared).contains("is more than the"));

    let entries: Entries = (0..1025).map(|index| (format!("a/data/{index}"), vec![])).collect();
    assert!(refused(&stored(&entries)).contains("1025 entries"));
}

#[test]
fn archives_that_lie_are_refused() {
    let honest = fixture("fc_relu.pth");
    // The sizes in the central directory: 20 and 24 bytes into each of its headers.
    let headers: Vec<_> = (0..honest.len()).filter(|at| honest[*at..].starts_with(b"PK\x01\x02")).collect();
    assert!(headers.len() > 5);
    for header in headers {
        for (field, value) in [(20, 0_u32), (20, u32::MAX), (24, 0), (24, 5), (24, 1 << 25), (24, u32::MAX)] {
            let mut lying = honest.clone();
            lying[header + field..][..4].copy_from_slice(&value.to_le_bytes());
            // Entries that are not read may lie.
            if let Ok(imported) = import(&lying) {
                assert_eq!(imported.checkpoint.networks, import(&honest).unwrap().checkpoint.networks);
            }
        }
    }
    // A record for large archives that declares four billion entries.
    let mut many = honest.clone();
    let end = many.windows(4).rposition(|window| window == b"PK\x05\x06").unwrap();
    let mut record = b"PK\x06\x06".to_vec();
    record.extend(44_u64.to_le_bytes());
    record.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    record.extend((1_u64 << 32).to_le_bytes().repeat(2));
    record.extend([0; 16]);
    record.extend(b"PK\x06\x07\0\0\0\0");
    record.extend((end as u64).to_le_bytes());
    record.extend(1_u32.to_le_bytes());
    many.splice(end..end, record);
    assert!(refused(&many).contains("4294967296 entries"));

    let mut twice = stored(&vec![("a/data.pkl".into(), vec![]), ("b/data.pkl".into(), vec![])]);
    for at in 0..twice.len() {
        if twice[at..].starts_with(b"b/data.pkl") {
            twice[at] = b'a';
        }
    }
    assert!(refused(&twice).contains("same name"));
}

const REAL: [&str; 7] =
    ["ppo_8.zip", "dqn_4.zip", "ppo_shared_1_7.zip", "fc_relu.pth", "nested.pth", "views.pth", "q_protocol_4.pth"];

fn real() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(&REAL[..]).prop_map(fixture)
}

/// An error of one line, or a model that can be written and read.
fn judged(bytes: &[u8]) {
    match import(bytes) {
        Ok(imported) => {
            let bytes = imported.checkpoint.to_bytes();
            assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().networks, imported.checkpoint.networks);
        }
        Err(_) => drop(refused(bytes)),
    }
}

fn flipped(mut bytes: Vec<u8>, flips: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    for (at, flip) in flips {
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
    }
    bytes
}

fn flips() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..6)
}

proptest! {
    #[test]
    fn no_bytes_do_harm(bytes: Vec<u8>) {
        judged(&bytes);
        judged(&[b"PK\x03\x04", &bytes[..]].concat());
    }

    #[test]
    fn files_that_were_cut_short_do_no_harm(bytes in real(), at: prop::sample::Index) {
        judged(&bytes[..at.index(bytes.len())]);
    }

    #[test]
    fn files_with_flipped_bits_do_no_harm(bytes in real(), flips in flips()) {
        judged(&flipped(bytes, &flips));
    }

    /// Past the archive's checksums: what is inside is damaged, and put into a sound archive.
    #[test]
    fn damaged_pickles_do_no_harm(flips in flips(), name in prop::sample::select(vec!["fc_relu", "nested", "parameters"])) {
        let bytes = fixture(&format!("{name}.pth"));
        judged(&changed(&bytes, &format!("{name}/data.pkl"), |pickle| *pickle = flipped(std::mem::take(pickle), &flips)));
    }

    #[test]
    fn damaged_descriptions_do_no_harm(flips in flips()) {
        judged(&changed(&fixture("ppo_shared_1_7.zip"), "data", |data| *data = flipped(std::mem::take(data), &flips)));
    }

    #[test]
    fn pickles_of_random_opcodes_do_no_harm(
        opcodes in prop::collection::vec(prop::sample::select(&b".(NGJKMX)taeu}s]qrhjcQRb\x80\x85\x86\x87\x88\x8a\x8c\x93\x94\x95\0\x01"[..]), 0..200),
    ) {
        judged(&pth(&opcodes, &[("0", &[0; 4])]));
    }

    #[test]
    fn entries_that_are_missing_do_no_harm(bytes in real(), at: prop::sample::Index) {
        let mut entries = entries(&bytes);
        entries.remove(at.index(entries.len()));
        judged(&stored(&entries));
    }
}
