//! A study of one field of the scenario: every driver at every value.

use std::path::Path;

use anyhow::{Context, ensure};
use daladala_env::{RuleSpec, SpecId};
use serde::Serialize;

use super::drive::{Drive, Driver, Named, ensure_apart};
use super::points::{Point, Points};
use super::{Args, report};
use crate::interrupt;
use crate::output::{print, print_json, progress_bar};
use crate::runs::lock;

/// What is asked, and of whom.
pub(super) struct FieldStudy {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The field that is varied.
    pub(super) field: &'static str,
    /// What the field is, in words.
    pub(super) unit: &'static str,
    pub(super) values: Vec<f64>,
    /// Fields that are other than the scenario has them.
    pub(super) fixed: &'static [(&'static str, &'static str)],
    pub(super) drivers: &'static [&'static str],
    pub(super) switch: Switch,
    /// Where reality probably is.
    pub(super) reality: Option<fn(&Results) -> Option<f64>>,
}

/// Where one driver stops earning more than another.
pub(super) struct Switch {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    /// The value by a closed form, from the figures of the study and its scenario.
    pub(super) closed_form: Option<ClosedForm>,
}

type ClosedForm = fn(&Results, &Amounts) -> Option<f64>;

/// What closed forms need of the scenario: what the driver pays, k.
pub(super) struct Amounts {
    /// For the load, where no bribe is taken.
    load_fine: f64,
    speed_fine: f64,
    /// What it costs to be held.
    hold: f64,
    /// The driver's share of fares.
    fares: f64,
    /// The chance that a bribe is taken in place of a fine, and how much.
    bribe: (f64, f64),
}

/// What a study comes to.
#[derive(Serialize)]
pub(super) struct Results<'a> {
    pub(super) study: &'a str,
    #[serde(flatten)]
    pub(super) spec: &'a SpecId,
    pub(super) field: &'a str,
    pub(super) episodes: usize,
    pub(super) seed: u64,
    pub(super) switch: Option<Found<'a>>,
    pub(super) points: Vec<Point>,
}

/// Where the better of two drivers changes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Found<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// Where the lines of their mean returns cross; none where they don't between two values.
    pub(super) simulated: Option<f64>,
    pub(super) closed_form: Option<f64>,
}

impl Results<'_> {
    /// The points of a driver, by value.
    pub(super) fn of<'s>(&'s self, driver: &'s str) -> impl Iterator<Item = &'s Point> {
        self.points.iter().filter(move |point| point.driver == driver)
    }

    pub(super) fn drivers(&self) -> Vec<&str> {
        let mut drivers: Vec<&str> = Vec::new();
        for point in &self.points {
            if !drivers.contains(&point.driver.as_str()) {
                drivers.push(&point.driver);
            }
        }
        drivers
    }

    /// Where the line of `from` falls below that of `to`.
    fn crossing(&self, from: &str, to: &str) -> Option<f64> {
        let gains: Vec<_> =
            self.of(from).zip(self.of(to)).map(|(from, to)| (from.value, from.mean_return - to.mean_return)).collect();
        gains.array_windows().find_map(|&[(left, above), (right, below)]| {
            let crosses = above > 0.0 && below <= 0.0;
            crosses.then(|| left + (right - left) * above / (above - below))
        })
    }
}

/// i* = G ÷ (n · F): what overloading gains without inspections, by how many manned checkpoints are passed and what an
/// inspection costs: the fine, the time held, and the fares of those who are put off. As these are aboard at no checkpoint
/// after it, n falls with the chance, along a line, and i* is where both sides agree. Of all this counts what the driver's contract
/// says; a bribe is paid in place of everything else.
pub(super) fn overloading_switch(results: &Results, amounts: &Amounts) -> Option<f64> {
    let never = results.of("greedy").find(|point| point.value == 0.0)?;
    let often = results.of("greedy").find(|point| point.value >= 0.3)?;
    let legal = results.of("legal").find(|point| point.value == 0.0)?;
    let fares = (never.figure("money")? - often.figure("money")?) / 1000.0 / often.figure("load_fines")?;
    let fined = amounts.load_fine + amounts.hold + fares * amounts.fares;
    let (chance, bribe) = amounts.bribe;
    let cost = (1.0 - chance) * fined + chance * bribe;
    let (first, last) = (never.figure("overloaded_passes")?, often.figure("overloaded_passes")?);
    let passes_at = |inspect: f64| first + (last - first) * inspect / often.value;
    let gain = never.mean_return - legal.mean_return;
    Some((0..20).fold(0.0, |switch, _| gain / (passes_at(switch) * cost)))
}

/// Fines for the load that a minibus gets a trip, about 0.01 to 0.02: of 32 471 vehicles notified in Dar es Salaam in 2017
/// (docs/CITY.md) a guess, no count of trips was found.
const PROBABLE_FINES: f64 = 0.015;

/// The chance of an inspection under which `greedy` would get as many fines as there probably are.
pub(super) fn probable_inspections(results: &Results) -> Option<f64> {
    let never = results.of("greedy").find(|point| point.value == 0.0)?;
    Some(PROBABLE_FINES / never.figure("overloaded_passes")?)
}

/// radar* = what speeding gains without radar ÷ (cells at speed 3 · the fine).
pub(super) fn speeding_switch(results: &Results, amounts: &Amounts) -> Option<f64> {
    let never = results.of("speeder").find(|point| point.value == 0.0)?;
    let legal = results.of("legal").find(|point| point.value == 0.0)?;
    Some((never.mean_return - legal.mean_return) / (never.figure("fast_cells")? * amounts.speed_fine))
}

impl FieldStudy {
    pub(super) fn run(&self, args: &Args) -> anyhow::Result<()> {
        args.ensure_not_set(self.field, "what the study varies")?;
        for (field, _) in self.fixed {
            args.ensure_not_set(field, "what the study keeps")?;
        }
        let spec = self.fixed.iter().try_fold(args.spec()?, |spec, (field, value)| spec.with_field(field, value))?;
        let id = spec.id();
        for (what, field) in self.fixed.iter().map(|(field, _)| ("keeps", field)).chain([("varies", &self.field)]) {
            ensure!(!is_drawn(&spec, field), "randomize.{field}: it is what the study {what}");
        }
        let drivers = self.drivers.iter().copied().chain(args.model.iter().map(String::as_str));
        let drivers: Vec<Named> = drivers.map(Named::of).collect::<anyhow::Result<_>>()?;
        ensure_apart(&drivers)?;
        for driver in &drivers {
            driver.ensure_drives(&spec)?;
        }
        let about = || format!("{} cannot be the folder of a study", args.out.display());
        std::fs::create_dir_all(&args.out).with_context(about)?;
        let _lock = lock(&args.out)?;
        let mut points = Points::open(&args.out, self.name, &id, args.episodes, args.seed)?;
        // Before any of them drives.
        let specs: Vec<_> = self
            .values
            .iter()
            .map(|value| spec.with_field(self.field, &format!("{value:?}")))
            .collect::<Result<_, _>>()?;
        interrupt::catch()?;

        let to_do = drivers.len() * self.values.len() * args.episodes;
        let bar = progress_bar(to_do as u64, "episodes", args.json);
        let mut found = Vec::new();
        for driver in &drivers {
            bar.set_message(driver.name.clone());
            for (spec, &value) in specs.iter().zip(&self.values) {
                if let Some(point) = points.find(&driver.name, driver.weights.as_deref(), value) {
                    bar.inc(args.episodes as u64);
                    found.push(point.clone());
                    continue;
                }
                let (seed, episodes) = (args.seed, args.episodes);
                let who = Driver::Named(&driver.model);
                let evaluation = spec.visit(Drive { driver: who, seed, episodes, bar: &bar })?;
                found.push(points.add(&Point::new(&driver.name, driver.weights.clone(), value, &evaluation))?);
            }
        }
        bar.finish_and_clear();
        let mut results = Results {
            study: self.name,
            spec: &id,
            field: self.field,
            episodes: args.episodes,
            seed: args.seed,
            switch: None,
            points: found,
        };
        let Switch { from, to, closed_form } = self.switch;
        let amounts = Amounts::of(&spec);
        results.switch = Some(Found {
            from,
            to,
            simulated: results.crossing(from, to),
            closed_form: closed_form
                .zip(amounts)
                .and_then(|(form, amounts)| form(&results, &amounts))
                // Where nobody is fined or carried there is no place to change.
                .filter(|value| value.is_finite() && *value > 0.0),
        });
        report::write(&args.out, self, &results)?;
        if args.json {
            return print_json(&results);
        }
        print(report::table(&results))?;
        print(self.answer(&results))?;
        print(format!("Plots, results.csv and results.json are in {}.", Path::new(&args.out).display()))
    }

    /// The answer in a sentence.
    fn answer(&self, results: &Results) -> String {
        let Some(Found { from, to, simulated, closed_form }) = results.switch else { return String::new() };
        let by =
            closed_form.map_or_else(String::new, |value| format!("; about {} by its closed form", two_digits(value)));
        match simulated {
            Some(value) => {
                format!("'{from}' earns less than '{to}' about {} = {} on{by}.", self.field, two_digits(value))
            }
            None => format!("'{from}' and '{to}' do not change places within these values of {}{by}.", self.field),
        }
    }
}

/// Whether the scenario draws a field anew each trip.
fn is_drawn(spec: &RuleSpec, field: &str) -> bool {
    spec.scenario().parameters.get("randomize").and_then(|ranges| ranges.get(field)).is_some()
}

/// What the intervals of the points allow to be said of a value between them.
fn two_digits(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

impl Amounts {
    /// None where a fine is drawn anew each trip.
    fn of(spec: &RuleSpec) -> Option<Self> {
        if is_drawn(spec, "police.fine") || is_drawn(spec, "speed.fine") {
            return None;
        }
        let number = |table: &str, field: &str| spec.scenario().parameters.get(table)?.get(field)?.as_f64();
        let share = number("contract", "fines")?;
        Some(Self {
            load_fine: number("police", "fine")? * share,
            speed_fine: number("speed", "fine")? * share,
            hold: number("police", "hold")? * number("time", "cost")?,
            fares: number("contract", "fares")?,
            bribe: (number("bribe", "chance")?, number("bribe", "amount")? * share),
        })
    }
}
