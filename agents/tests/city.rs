//! The drivers of `city` show its trap: each closed form of `docs/CITY.md` is met by what they earn.

use daladala_agents::{Choice, DeviceKind, Evaluation, evaluate, registry};
use daladala_env::{RuleSet, RuleSpec, Rules, RulesVisitor};

const EPISODES: usize = 20_000;

/// The same trips for every driver and every scenario of as many stops.
fn drive(model: &str, fields: &[(&str, f64)]) -> Evaluation {
    struct Drive<'a>(&'a str);
    impl RulesVisitor for Drive<'_> {
        type Output = Evaluation;
        fn visit<R: Rules>(self, rules: R) -> Evaluation {
            let loaded = registry::load(self.0, &rules.info(), Choice::Greedy, DeviceKind::Cpu).expect("built in");
            evaluate(&*loaded.policy, &rules, 5, EPISODES, &|_| ())
        }
    }
    let set = |spec: RuleSpec, (field, value): &(&str, f64)| spec.with_field(field, &value.to_string()).expect("good");
    fields.iter().fold(RuleSpec::of(RuleSet::City), set).visit(Drive(model))
}

fn figure(evaluation: &Evaluation, name: &str) -> f64 {
    evaluation.figure(name).expect("declared").mean
}

/// What the prototype of the rules earned with such drivers, k, and its micromorts a trip.
#[test]
fn the_drivers_earn_what_those_of_the_prototype_did() {
    for (model, earned, risk) in [
        ("timid", 8.7, 2.0),
        ("legal", 19.9, 3.0),
        ("speeder", 20.7, 10.1),
        ("greedy", 24.4, 6.8),
        ("outlaw", 25.0, 23.0),
        ("selective", 25.1, 12.0),
    ] {
        let trip = drive(model, &[]);
        assert!((trip.mean_return - earned).abs() < 0.03 * earned, "{model}: {} for {earned}", trip.mean_return);
        let micromorts = figure(&trip, "micromorts");
        assert!((micromorts - risk).abs() < 0.04 * risk, "{model}: {micromorts} micromorts for {risk}");
        assert!(trip.endings.iter().all(|ending| ending.ending != "out_of_time" || ending.episodes == 0), "{model}");
        let obeys = !matches!(model, "speeder" | "outlaw" | "selective");
        // Where three checkpoints stand close together, the third is seen too late: two are told.
        assert!(!obeys || figure(&trip, "violations") < 1e-3, "{model}: {}", figure(&trip, "violations"));
    }
}

#[test]
fn without_inspections_overloading_pays_and_fleeing_pays_least_of_all() {
    let earned = |model| drive(model, &[("police.inspect", 0.0)]).mean_return;
    let (greedy, legal, timid) = (earned("greedy"), earned("legal"), earned("timid"));
    assert!(greedy > legal && legal > timid, "{greedy} {legal} {timid}");
    let (random, fugitive) = (earned("random"), earned("fugitive"));
    assert!(timid > random && random > fugitive, "{timid} {random} {fugitive}");
}

/// What being counted costs, k: the fine, 20 ticks of standing, and the fares of those who were put off and of those who
/// then took their places.
fn cost_of_a_count(never: &Evaluation, often: &Evaluation) -> f64 {
    let fares = (figure(never, "money") - figure(often, "money")) / 1000.0 / figure(often, "load_fines");
    30.0 + 20.0 * 0.15 + fares
}

/// i* = G ÷ (n · F): what overloading gains, by how often it can be counted and what that costs. Who is put off is aboard at
/// no checkpoint after it, so passes become fewer with the chance, along a line.
fn switch(gain: f64, never: &Evaluation, (often, chance): (&Evaluation, f64), cost: f64) -> f64 {
    let passes = [never, often].map(|at| figure(at, "overloaded_passes"));
    let passes_at = |inspect: f64| passes[0] + (passes[1] - passes[0]) * inspect / chance;
    (0..20).fold(0.2, |switch, _| gain / (passes_at(switch) * cost))
}

#[test]
fn overloading_stops_paying_where_its_closed_form_says() {
    let greedy = |inspect| drive("greedy", &[("police.inspect", inspect)]);
    let legal = drive("legal", &[]).mean_return;
    let (never, often) = (greedy(0.0), greedy(0.3));
    let cost = cost_of_a_count(&never, &often);
    let switch = switch(never.mean_return - legal, &never, (&often, 0.3), cost);
    assert!((0.21..0.25).contains(&switch), "{switch}");
    let (below, above) = (greedy(switch - 0.01).mean_return, greedy(switch + 0.01).mean_return);
    assert!(below > legal && above < legal, "{below}, {legal}, {above} around {switch}");
}

/// A driver who keeps a share α of the fares and pays θ of the fines stops overloading at α / θ of the same chance.
#[test]
fn contracts_scale_the_switch() {
    let at = |model, fields: &[(&str, f64)]| drive(model, fields).mean_return;
    let better = |fields: &[(&str, f64)]| at("greedy", fields) > at("legal", fields);
    assert!(better(&[("police.inspect", 0.35), ("contract.fines", 0.5)]));
    assert!(!better(&[("police.inspect", 0.35)]));
    assert!(better(&[("police.inspect", 0.2)]));
    assert!(!better(&[("police.inspect", 0.2), ("contract.fines", 1.5)]));
    assert!(!better(&[("police.inspect", 0.2), ("contract.fares", 0.7)]));
}

/// F becomes (1 − β) F + β b where the police take a bribe b with the chance β.
#[test]
fn bribes_move_the_switch_to_what_a_count_then_costs() {
    let (never, often) = (drive("greedy", &[("police.inspect", 0.0)]), drive("greedy", &[("police.inspect", 0.3)]));
    let legal = drive("legal", &[]).mean_return;
    let bribed =
        |inspect| drive("greedy", &[("police.inspect", inspect), ("bribe.chance", 0.4), ("bribe.amount", 8.0)]);
    let cost = 0.6 * cost_of_a_count(&never, &often) + 0.4 * 8.0;
    let switch = switch(never.mean_return - legal, &never, (&bribed(0.4), 0.4), cost);
    assert!((0.28..0.4).contains(&switch), "{switch}");
    let (below, above) = (bribed(switch - 0.02).mean_return, bribed(switch + 0.02).mean_return);
    assert!(below > legal && above < legal, "{below}, {legal}, {above} around {switch}");
}

/// radar* = gain of speeding ÷ (cells at speed 3 · fine).
#[test]
fn speeding_stops_paying_where_its_closed_form_says() {
    let speeder = |radar| drive("speeder", &[("speed.radar", radar)]);
    let (legal, never) = (drive("legal", &[]).mean_return, speeder(0.0));
    let switch = (never.mean_return - legal) / (figure(&never, "fast_cells") * 30.0);
    let (below, above) = (speeder(switch * 0.7).mean_return, speeder(switch * 1.3).mean_return);
    assert!(below > legal && above < legal, "{below}, {legal}, {above} around {switch}");
}

/// What lands on the driver of a crash decides whether the overloaded speed.
#[test]
fn speed_pays_the_overloaded_only_as_long_as_others_bear_the_harm() {
    let earned = |model, share| drive(model, &[("police.inspect", 0.0), ("crash.share", share)]).mean_return;
    assert!(earned("outlaw", 0.05) > earned("greedy", 0.05));
    assert!(earned("outlaw", 1.0) < earned("greedy", 1.0));
}
