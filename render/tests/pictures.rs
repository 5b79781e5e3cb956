//! Pictures show what frames say, and none is too odd to be drawn.

use daladala_env::rules::Classic;
use daladala_env::{Action, Autoreset, Buffers, Frame, OutputKind, Place, Rules, Transition};
use daladala_env::{VecEnv, VecEnvConfig};
use daladala_render::{HEIGHT, Renderer, Setting, WIDTH};
use proptest::prelude::*;

fn setting() -> Setting {
    Setting::of(&Classic.info(), "test", OutputKind::Logits)
}

/// The first frames of an episode in which one action is taken again and again.
fn episode(action: Action, steps: usize) -> Vec<Frame> {
    let config = VecEnvConfig { autoreset: Autoreset::Disabled, ..VecEnvConfig::default() };
    let mut env = VecEnv::new(Classic, 1, config);
    let mut buffers = Buffers::for_env(&env);
    env.reset(&mut buffers.observations);
    let mut frames = vec![env.frame(0, 1, None)];
    for _ in 0..steps {
        env.step(&[action], buffers.as_step()).expect("the episode goes on");
        let transition =
            Transition { reward: buffers.rewards[0], terminated: buffers.terminated[0], ..Transition::default() };
        frames.push(env.frame(0, 1, Some((action, transition))));
    }
    frames
}

/// The smallest box of pixels, in the city, in which two pictures differ: left, top, right, bottom.
fn difference(a: &[u8], b: &[u8]) -> Option<(usize, usize, usize, usize)> {
    let (a, b) = (a.as_chunks::<3>().0, b.as_chunks::<3>().0);
    let places = a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b).map(|(place, _)| place);
    let places = places.map(|place| (place % WIDTH as usize, place / WIDTH as usize));
    places.filter(|(x, _)| *x < HEIGHT as usize).fold(None, |bounds, (x, y)| {
        let (left, top, right, bottom) = bounds.unwrap_or((x, y, x, y));
        Some((left.min(x), top.min(y), right.max(x), bottom.max(y)))
    })
}

#[test]
fn a_picture_has_its_size_and_is_the_same_each_time() {
    let (renderer, episode) = (Renderer::new(setting()), episode(4, 5));
    let picture = renderer.draw(&episode, 1.0);
    assert_eq!(picture.rgb.len(), (WIDTH * HEIGHT * 3) as usize);
    assert_eq!(picture, Renderer::new(setting()).draw(&episode, 1.0));
}

#[test]
fn the_bus_moves_along_the_road_from_step_to_step() {
    let (renderer, episode) = (Renderer::new(setting()), episode(4, 7));
    let before = renderer.draw(&episode[..7], 1.0);
    // At the beginning of the way nothing in the city has moved.
    assert_eq!(difference(&before.rgb, &renderer.draw(&episode, 0.0).rgb), None);
    let moved = difference(&before.rgb, &renderer.draw(&episode, 1.0).rgb).expect("it has moved");
    let (left, top, right, bottom) = moved;
    assert!(top > 20 && bottom < 120, "the road is at the top: {moved:?}");
    assert!(left > 190 && right < 350 && right - left > 40, "cells 6 and 7: {moved:?}");
}

#[test]
fn a_light_is_another_picture_by_shape_when_it_changes() {
    let (renderer, mut episode) = (Renderer::new(setting()), episode(4, 1));
    let red = renderer.draw(&episode, 1.0);
    for frame in &mut episode {
        for red in &mut frame.lights_red {
            *red = !*red;
        }
    }
    let (red, green) = (red.rgb, renderer.draw(&episode, 1.0).rgb);
    let lightness = |rgb: &[u8; 3]| rgb.iter().map(|&part| u32::from(part)).sum::<u32>() / 3;
    let pixels = red.as_chunks::<3>().0.iter().zip(green.as_chunks::<3>().0);
    let told_apart = pixels.filter(|(a, b)| lightness(a).abs_diff(lightness(b)) > 60).count();
    assert!(told_apart > 100, "{told_apart} pixels differ without colour");
}

fn cell() -> impl Strategy<Value = (u8, u8)> {
    (any::<u8>(), any::<u8>())
}

prop_compose! {
    fn any_frame()(
        numbers in any::<[u32; 4]>(), money: i64, floats in any::<[f32; 2]>(), position in cell(), flags in any::<[bool; 4]>(),
        police in prop::collection::vec(cell(), 0..9), lights in prop::collection::vec(cell(), 0..9),
        lights_red in prop::collection::vec(any::<bool>(), 0..9), waiting in prop::collection::vec(any::<u32>(), 0..9),
        action in prop::option::of(any::<u8>()), outputs in prop::collection::vec(any::<f32>(), 0..9),
        action_mask in prop::option::of(any::<u32>()),
    ) -> Frame {
        Frame {
            step: numbers[0], position, route_index: numbers[1], passengers: numbers[2], money, speed: numbers[3],
            fined: flags[0], crashed: flags[1], terminated: flags[2], truncated: flags[3],
            police, lights, lights_red, waiting, action, reward: floats[0], total_reward: floats[1], outputs, action_mask,
            ending: flags[2].then(|| "impounded".to_owned()), ..Frame::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn nothing_is_too_odd_to_be_drawn(
        frames in prop::collection::vec(any_frame(), 0..4), route in prop::collection::vec(cell(), 0..20),
        names in prop::collection::vec((cell(), ".{0,80}"), 0..4), part: f32, kind in 0..3, stops in prop::collection::vec(cell(), 0..9),
        capacity: u32, legal_capacity: u32,
    ) {
        let outputs = [OutputKind::Values, OutputKind::Logits, OutputKind::Probabilities][kind as usize];
        let places = names.into_iter().map(|(cell, name)| Place { cell, name }).collect();
        let actions = (0..kind * 4).map(|action| format!("action {action}")).collect();
        let (rules, model) = ("odd".into(), "x".repeat(90));
        let odd = Setting { rules, model, route, stops, capacity, legal_capacity, places, actions, outputs };
        let picture = Renderer::new(odd).draw(&frames, part);
        prop_assert_eq!(picture.rgb.len(), (WIDTH * HEIGHT * 3) as usize);
    }
}

#[test]
fn the_setting_is_that_of_the_rules() {
    let setting = setting();
    assert_eq!((setting.rules.as_str(), setting.route.len(), setting.places.len()), ("classic", 29, 6));
    assert!(setting.places.iter().all(|place| Classic.info().route.contains(&place.cell)));
}
