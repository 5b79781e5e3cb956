//! Every registered rule set keeps the contract, and the checker notices one that doesn't.

mod hasty;
mod toll;

use daladala_env::checker::{DrawAny, check_rules};
use daladala_env::rules::{City, Classic};
use daladala_env::{Action, Buffers, Generator, RuleSet, Rules, RulesInfo, VecEnv, VecEnvConfig};
use proptest::prelude::*;

use hasty::{BatchFault, Hasty};
use toll::{Fault, Scenario, Toll};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_registered_rule_set_keeps_the_contract(seed: u64) {
        for rules in RuleSet::ALL {
            let checked = match rules {
                RuleSet::Classic => check_rules(&Classic, seed, 200),
                RuleSet::City => {
                    let checked = rules.scenarios().iter().map(|name| check_rules(&City::named(name).unwrap(), seed, 200));
                    checked.collect()
                }
            };
            prop_assert_eq!(checked, Ok(()));
        }
    }
}

/// The document lists the features and actions that the data describes, in their order, and no others.
#[test]
fn the_document_and_the_spaces_agree() {
    let document = include_str!("../../../docs/ENVIRONMENT.md");
    let spaces = Classic.spaces();
    assert_eq!(spaces.observation_shape(), [14]);
    let listed = |place: usize, name: &str| document.contains(&format!("| {place} | {name} |"));
    for (place, feature) in spaces.observation.iter().enumerate() {
        assert!(listed(place, &format!("`{}`", feature.name)), "{place} {}", feature.name);
        assert_eq!(spaces.feature(&feature.name), Some(place));
    }
    for (place, action) in spaces.actions.iter().enumerate() {
        assert!(listed(place, action), "{place} {action}");
    }
    let (low, high) = spaces.observation_bounds();
    assert!(low.iter().all(|&low| low == -1.0) && high.iter().filter(|&&high| high > 1.0).count() == 1);
    let rows = document.matches("| `").count();
    assert_eq!(rows, spaces.observation.len(), "a row of the table is no feature");
}

/// What the checker drives by reaches every corner of the rules.
#[test]
fn any_layout_leads_to_fines_crashes_full_buses_and_early_ends() {
    let mut generator = Generator::new(1, 0);
    let (mut fined, mut crashed, mut full, mut early) = (0, 0, 0, 0);
    for _ in 0..500 {
        let layout = Classic.draw_any(&mut generator);
        let mut state = Classic.start(&layout, &mut generator);
        loop {
            let action = generator.below(5) as Action;
            let transition = Classic.step(&mut state, action, &mut generator, None);
            full += u32::from(state.passengers == 50);
            if transition.terminated {
                fined += u32::from(state.fined);
                crashed += u32::from(state.crashed);
                early += u32::from(state.steps < 29);
                break;
            }
        }
    }
    assert!([fined, crashed, full, early].iter().all(|&seen| seen >= 20), "{fined} {crashed} {full} {early}");
}

#[test]
fn a_rule_set_is_found_by_its_name() {
    for rules in RuleSet::ALL {
        assert_eq!(rules.name().parse(), Ok(*rules));
    }
    assert!("chess".parse::<RuleSet>().unwrap_err().to_string().contains("classic"));
}

const TOLL: Toll = Toll { scenario: Scenario { inspect: 0.3, max_steps: 12 }, fault: Fault::None };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_stochastic_rule_set_with_costs_and_truncation_keeps_the_contract(
        seed: u64, inspect in 0.0f32..1.0, max_steps in 1u32..30,
    ) {
        let toll = Toll { scenario: Scenario { inspect, max_steps }, ..TOLL };
        prop_assert_eq!(check_rules(&toll, seed, 200), Ok(()));
    }
}

#[test]
fn the_checker_notices_what_is_wrong() {
    for (fault, said) in [
        (Fault::DrawsByAction, "random words"),
        (Fault::DrawsMore, "random words"),
        (Fault::CostIsTheSum, "cost"),
        (Fault::TermsChangeTheStep, "with terms"),
        (Fault::TermsAreNotWritten, "gave something else"),
        (Fault::TermsAreOff, "its terms"),
        (Fault::RateIsNoRate, "figure fine"),
        (Fault::FigureIsNotFinite, "figure overloaded"),
        (Fault::FigureIsThereTwice, "passengers is there twice"),
        (Fault::EndingIsNotDeclared, "do not declare"),
        (Fault::EndingContradictsTheFlags, "does not fit the flags"),
        (Fault::TruncatesLate, "truncated"),
        (Fault::LooksOutside, "gave something else"),
        (Fault::MaskClosesAll, "all actions"),
        (Fault::MaskHidesAnEffect, "masked out"),
        (Fault::StateForgetsItsLayout, "layout"),
        (Fault::StepsAreMiscounted, "counted differently"),
        (Fault::OwnStateIsRefused, "refused"),
        (Fault::ObservationLeavesItsBounds, "feature"),
        (Fault::FrameFieldIsOfAnotherType, "not the declared ones"),
        (Fault::FrameForgetsAStop, "a number for each stop"),
    ] {
        let failure = check_rules(&Toll { fault, ..TOLL }, 3, 200).expect_err("something is wrong").to_string();
        assert!(failure.contains(said), "{fault:?}: {failure}");
    }
}

/// Rules that bring a batch of their own, which does one thing wrong.
#[test]
fn the_checker_notices_a_batch_that_differs_from_the_plain_one() {
    for fault in [BatchFault::Reward, BatchFault::LastEpisode, BatchFault::LentState, BatchFault::TermsOnly] {
        let failure = check_rules(&Hasty { fault }, 3, 200).expect_err("something is wrong").to_string();
        assert!(failure.contains("differs"), "{fault:?}: {failure}");
    }
}

#[test]
fn what_describes_a_rule_set_is_read_back_as_it_was_written() {
    for info in [Classic.info(), TOLL.info()] {
        let written = serde_json::to_string(&info).unwrap();
        assert_eq!(serde_json::from_str::<RulesInfo>(&written).unwrap(), info);
    }
}

/// Costs, terms and figures reach who asks for them, over an episode that ends.
#[test]
fn costs_terms_and_figures_are_told_of_every_step() {
    let mut env = VecEnv::new(TOLL, 2, VecEnvConfig::default());
    let mut buffers = Buffers::for_env(&env);
    env.reset(&mut buffers.observations);
    let mut figures = [0.0; 4];
    for step in 1..=12 {
        env.step(&[0, 1], buffers.as_step_with_terms()).unwrap();
        assert_eq!(buffers.costs, [buffers.cost_terms[0], buffers.cost_terms[2]], "step {step}");
        let sum: f32 = buffers.reward_terms[..2].iter().sum();
        assert_eq!(sum, buffers.rewards[0], "step {step}");
        if step < 12 {
            env.figures(0, &mut figures);
            assert_eq!(figures[0] / 7.0, buffers.costs[0], "step {step}: it is the load that is risky");
        }
    }
    let waited = env.last_episode(0).expect("it was truncated");
    assert_eq!((waited.ending, waited.length), (1, 12));
    assert_eq!(waited.figure(env.info(), "passengers"), Some(waited.figures[0]));
    assert!(waited.figures[2] >= waited.figures[0]);
    let drove = env.last_episode(1).expect("it arrived after seven steps");
    assert_eq!((drove.ending, drove.length), (0, 7));
    let mut masks = [0; 2];
    env.action_masks(&mut masks);
    assert_eq!(masks, [0b011; 2]);
}
