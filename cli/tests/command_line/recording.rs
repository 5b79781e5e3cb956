//! Episodes as pictures and files.

use daladala_env::{RuleSet, RuleSpec};
use daladala_protocol::frame_from_json;

use super::{daladala, json};

#[test]
fn an_episode_is_recorded_as_animation_picture_and_frames() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let record = |name: &str, more: &[&str]| {
        json(&[&["record", "--model", "ppo", "--seed", "3", "--json", "--out", &path(name)], more].concat())
    };

    let frames = record("x.jsonl", &["--episodes", "2"]);
    assert_eq!((&frames["frames"], &frames["episodes"]), (&60.into(), &2.into()));
    let text = std::fs::read_to_string(path("x.jsonl")).unwrap();
    let schema = RuleSpec::from(RuleSet::Classic).info().frame_schema();
    let frame = |line: &str| frame_from_json(&serde_json::from_str(line).unwrap(), &schema).unwrap();
    let read: Vec<_> = text.lines().map(frame).collect();
    assert_eq!((read.len(), read[0].step, read[59].step, read[59].episode), (60, 0, 29, 2));
    assert_eq!(read[59].total_reward, frames["returns"][1].as_f64().unwrap() as f32);
    assert_eq!((read[59].outputs.len(), read[59].reward_terms.iter().sum::<f32>()), (5, read[59].reward));

    let picture = record("x.PNG", &["--step", "8"]);
    let file = std::io::BufReader::new(std::fs::File::open(path("x.PNG")).unwrap());
    let mut decoder = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
    let size = decoder.next_frame(&mut pixels).unwrap();
    assert_eq!((size.width, size.height, picture["frames"].as_u64()), (960, 540, Some(30)));

    let animation = record("x.gif", &["--fps", "10"]);
    let bytes = std::fs::read(path("x.gif")).unwrap();
    assert_eq!(animation["bytes"], bytes.len());
    let mut decoder = gif::DecodeOptions::new().read_info(bytes.as_slice()).unwrap();
    assert_eq!((decoder.width(), decoder.height(), decoder.repeat()), (960, 540, gif::Repeat::Infinite));
    let (mut pictures, mut hundredths) = (0, 0);
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        pictures += 1;
        hundredths += u32::from(frame.delay);
        assert!(pictures > 1 || (frame.width, frame.height) == (960, 540));
    }
    // The reset, two pictures each of 29 steps a tenth of a second long, and a rest of 1.6 s on the last of them.
    assert_eq!((pictures, hundredths), (59, 5 * 58 + 160));
}

#[test]
fn a_recording_that_cannot_be_made_is_one_clear_line_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (arguments, code, named) in [
        (vec!["--out", "x.mp4"], 2, ".gif, .png or .jsonl"),
        (vec!["--out", "x.gif", "--fps", "0"], 2, "0.1 to 25"),
        (vec!["--out", "x.png", "--episodes", "0"], 2, "--episodes"),
        (vec!["--out", &path("x.gif"), "--step", "3"], 1, "--step is for a .png"),
        (vec!["--out", &path("x.png"), "--step", "30"], 1, "choose --step from 0 to 29"),
        (vec!["--out", &path("no/x.png")], 1, "no"),
    ] {
        let output = daladala(&[&["record", "--model", "ppo"], arguments.as_slice()].concat(), "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(named) && !error.contains("panicked"), "{arguments:?}: {error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
