//! The parameters of the `city` rules: read from TOML and checked. `fields` is the table of their units and bounds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{MAX_CELLS, MAX_STOPS, fields};
use crate::frame::Cell;

/// All that the dynamics depend on. Money is in thousand TSh (k), time in ticks of 14.4 s, distance in cells of 100 m.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CityScenario {
    /// Where the bus drives.
    pub route: RouteParameters,
    /// The bus.
    pub bus: BusParameters,
    /// Who wants to go where.
    pub demand: DemandParameters,
    /// The traffic lights.
    pub lights: LightParameters,
    /// The police checkpoints.
    pub police: PoliceParameters,
    /// The speed limit.
    pub speed: SpeedParameters,
    /// What time costs.
    pub time: TimeParameters,
    /// What driving costs.
    pub fuel: FuelParameters,
    /// How often the bus crashes, and what that costs.
    pub crash: CrashParameters,
    /// What of the money is the driver's.
    pub contract: ContractParameters,
    /// Bribes instead of fines for the load.
    pub bribe: BribeParameters,
    /// What the driver is told.
    pub observation: ObservationParameters,
    /// Enforcement that is drawn anew each episode: a field, such as `police.inspect`, to its least and greatest value.
    #[serde(default)]
    pub randomize: BTreeMap<String, [f64; 2]>,
}

/// Where the bus drives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct RouteParameters {
    /// Width and height of the grid, cells.
    pub grid: (u8, u8),
    /// The corners of the route, its ends among them.
    pub corners: Vec<Cell>,
    /// The stops as cells of the route, in driving order: the first and the last are its ends.
    pub stops: Vec<u8>,
    /// What people call them.
    pub names: Vec<String>,
}

/// The bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct BusParameters {
    /// How many it can hold.
    pub capacity: u8,
    /// How many it may hold by law.
    pub legal: u8,
    /// The most who board in a tick.
    pub board: u8,
    /// The most who alight in a tick.
    pub alight: u8,
    /// What each pays who alights where they want to, k.
    pub fare: f64,
}

/// Who wants to go where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct DemandParameters {
    /// Means of how many wait at the start, for each stop but the last.
    pub queues: Vec<f64>,
    /// Means of how many come in a tick, for each stop but the last.
    pub arrivals: Vec<f64>,
    /// The most who wait at a stop.
    pub most: u8,
    /// The chance of a tick that a rival bus takes passengers from one of the stops.
    pub rival: f64,
    /// The most that it takes.
    pub rival_takes: u8,
    /// Where passengers want to go: a row for each stop but the last, an entry for each stop after it.
    pub destinations: Vec<Vec<f64>>,
}

/// The traffic lights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct LightParameters {
    /// How many there are.
    pub count: u8,
    /// The least and the greatest time that a light is green, ticks.
    pub green: (u8, u8),
    /// The same for red.
    pub red: (u8, u8),
    /// The chance that running a red light is fined.
    pub fined: f64,
    /// That fine, k.
    pub fine: f64,
    /// The chance that running a red light ends in a crash.
    pub crash: f64,
}

/// The police checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct PoliceParameters {
    /// How many there are.
    pub checkpoints: u8,
    /// The chance that one is manned in an episode.
    pub manned: f64,
    /// The chance that the load of a bus that stands there is counted.
    pub inspect: f64,
    /// The fine for too many aboard, k.
    pub fine: f64,
    /// How long the bus is then held, ticks.
    pub hold: u8,
    /// The chance that a bus that does not stop is fined.
    pub caught: f64,
    /// That fine, k.
    pub flight_fine: f64,
    /// From how far checkpoints are seen, cells; 0 for not before the bus is there.
    pub sight: u8,
    /// How likely a checkpoint stands in each stretch between two stops, in the order of the route, as relative weights of 0
    /// to 1 000 000. Without it every cell is as likely as any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Vec<f64>>,
    /// Above how many aboard the bus is taken, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impound: Option<u8>,
}

/// The speed limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct SpeedParameters {
    /// The chance of a cell at speed 3 that radar sees it.
    pub radar: f64,
    /// The fine for it, k.
    pub fine: f64,
}

/// What time costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct TimeParameters {
    /// Crew, lease and what the next trip would bring, k a tick.
    pub cost: f64,
    /// Ticks after which an episode is truncated.
    pub limit: u16,
}

/// What driving costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct FuelParameters {
    /// k a cell.
    pub cost: f64,
}

/// How crashes are dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrashMode {
    /// They happen, by chance.
    Sampled,
    /// None happens: the harm that is expected is paid cell by cell. The mean is the same, and the variance less.
    Expected,
}

/// How often the bus crashes, and what that costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct CrashParameters {
    /// How crashes are dealt with.
    pub mode: CrashMode,
    /// The chance of a crash in a cell at speed 2 within the legal load; it grows with the square of the speed.
    pub hazard: f64,
    /// How many times the real hazard that is, so that crashes can be met in an afternoon. Harm is as many times less.
    pub hazard_scale: f64,
    /// How many above the legal load double the hazard.
    pub overload: f64,
    /// Harm of a crash at speed 2 with nobody aboard, k; it grows with the square of the speed.
    pub harm: f64,
    /// Harm for each one aboard, k.
    pub harm_aboard: f64,
    /// How much of the harm lands on the driver.
    pub share: f64,
    /// The chance of each one aboard to die in a crash at speed 2; it grows with the square of the speed.
    pub deaths: f64,
}

/// What of the money is the driver's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct ContractParameters {
    /// What the driver pays for the trip, k.
    pub lease: f64,
    /// The share of fares that the driver keeps.
    pub fares: f64,
    /// The share of fines that the driver pays.
    pub fines: f64,
}

/// Bribes instead of fines for the load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct BribeParameters {
    /// The chance that the police take one.
    pub chance: f64,
    /// How much, k.
    pub amount: f64,
}

/// What the driver is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct ObservationParameters {
    /// Features that read 0.
    pub hidden: Vec<String>,
}

/// The fields that can be drawn anew each episode.
pub(super) const RANDOMIZABLE: [&str; 8] = [
    "police.inspect",
    "police.fine",
    "police.caught",
    "police.flight_fine",
    "speed.radar",
    "speed.fine",
    "lights.fined",
    "lights.fine",
];

/// A field that is not what it has to be, by its name in the TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldError {
    pub(super) field: &'static str,
    pub(super) problem: String,
}

fn refuse(field: &'static str, problem: impl Into<String>) -> FieldError {
    FieldError { field, problem: problem.into() }
}

impl CityScenario {
    /// The cells of the route, or what is wrong with its corners.
    pub(super) fn cells(&self) -> Result<Vec<Cell>, FieldError> {
        let RouteParameters { grid: (width, height), corners, .. } = &self.route;
        let mut cells: Vec<Cell> = corners.iter().take(1).copied().collect();
        for corner in corners.windows(2) {
            let ((x, y), (to_x, to_y)) = (corner[0], corner[1]);
            if (x == to_x) == (y == to_y) {
                return Err(refuse("route.corners", format!("from {x},{y} to {to_x},{to_y} leads no straight street")));
            }
            let (dx, dy) = (i16::from(to_x) - i16::from(x), i16::from(to_y) - i16::from(y));
            let length = dx.abs().max(dy.abs());
            let at = |part: i16| ((i16::from(x) + dx.signum() * part) as u8, (i16::from(y) + dy.signum() * part) as u8);
            cells.extend((1..=length).map(at));
        }
        if let Some((x, y)) = cells.iter().find(|(x, y)| x >= width || y >= height) {
            return Err(refuse("route.grid", format!("the route leaves it at {x},{y}")));
        }
        if !(8..=MAX_CELLS).contains(&cells.len()) {
            return Err(refuse(
                "route.corners",
                format!("the route has {} cells, it has to have 8 to {MAX_CELLS}", cells.len()),
            ));
        }
        Ok(cells)
    }

    /// What is wrong with the parameters, if anything is.
    pub(super) fn check(&self) -> Result<(), FieldError> {
        fields::check(self)?;
        self.check_pairs()?;
        self.check_route()?;
        self.check_demand()?;
        for (field, [least, greatest]) in &self.randomize {
            if !RANDOMIZABLE.contains(&field.as_str()) {
                let known = RANDOMIZABLE.join(", ");
                return Err(refuse("randomize", format!("'{field}' can't be drawn: these can: {known}")));
            }
            if least > greatest {
                return Err(refuse("randomize", format!("'{field}' is from {least} to {greatest}")));
            }
            let bounds = fields::FIELDS.iter().find(|known| known.name == field).map(|known| known.bounds);
            for end in [*least, *greatest] {
                let checked = bounds.map_or(Ok(()), |bounds| bounds.check(end));
                checked.map_err(|problem| refuse("randomize", format!("'{field}': {problem}")))?;
            }
        }
        Ok(())
    }

    /// What no bounds of a field alone can say.
    fn check_pairs(&self) -> Result<(), FieldError> {
        let Self { bus, lights, .. } = self;
        if bus.legal == 0 || bus.legal > bus.capacity {
            return Err(refuse("bus.legal", "it has to be 1 to bus.capacity"));
        }
        for (field, (least, greatest)) in [("lights.green", lights.green), ("lights.red", lights.red)] {
            if least > greatest {
                return Err(refuse(field, "the least has to come first"));
            }
        }
        Ok(())
    }

    fn check_route(&self) -> Result<(), FieldError> {
        let cells = self.cells()?.len();
        let RouteParameters { stops, names, .. } = &self.route;
        if !(2..=MAX_STOPS).contains(&stops.len()) || names.len() != stops.len() {
            return Err(refuse("route.stops", format!("there have to be 2 to {MAX_STOPS}, each with a name")));
        }
        if !stops.is_sorted_by(|a, b| a < b) || stops[0] != 0 || usize::from(stops[stops.len() - 1]) != cells - 1 {
            let last = cells - 1;
            return Err(refuse("route.stops", format!("they go up from cell 0 to the last of the route, {last}")));
        }
        let (lights, checkpoints) = (usize::from(self.lights.count), usize::from(self.police.checkpoints));
        if lights + checkpoints + stops.len() > cells {
            return Err(refuse("lights.count", "there are too few cells for so many lights, checkpoints and stops"));
        }
        self.check_placement()
    }

    fn check_placement(&self) -> Result<(), FieldError> {
        const FIELD: &str = "police.placement";
        let Some(weights) = &self.police.placement else { return Ok(()) };
        let stretches: Vec<_> = self.route.stops.array_windows().map(|[from, to]| usize::from(to - from) - 1).collect();
        if weights.len() != stretches.len() {
            let (numbers, stretches) = (weights.len(), stretches.len());
            return Err(refuse(
                FIELD,
                format!("it has {numbers} numbers, there are {stretches} stretches between stops"),
            ));
        }
        let cells: usize =
            weights.iter().zip(stretches).filter(|(weight, _)| **weight > 0.0).map(|(_, cells)| cells).sum();
        let (lights, checkpoints) = (usize::from(self.lights.count), usize::from(self.police.checkpoints));
        // Lights are placed first, and may all stand in these stretches.
        if cells < lights + checkpoints {
            let problem = format!(
                "stretches of a weight above 0 have {cells} cells, {checkpoints} checkpoints and {lights} lights need more"
            );
            return Err(refuse(FIELD, problem));
        }
        Ok(())
    }

    fn check_demand(&self) -> Result<(), FieldError> {
        let from = self.route.stops.len() - 1;
        let DemandParameters { queues, arrivals, destinations, .. } = &self.demand;
        for (field, means) in [("demand.queues", queues), ("demand.arrivals", arrivals)] {
            if means.len() != from {
                return Err(refuse(
                    field,
                    format!("it has {} numbers, there are {from} stops but the last", means.len()),
                ));
            }
        }
        let lengths: Vec<_> = destinations.iter().map(Vec::len).collect();
        if lengths != (1..=from).rev().collect::<Vec<_>>() {
            return Err(refuse(
                "demand.destinations",
                "a row for each stop but the last, an entry for each stop after it",
            ));
        }
        for row in destinations {
            let sum: f64 = row.iter().sum();
            if (sum - 1.0).abs() > 1e-6 || row.iter().any(|chance| !(0.0..=1.0).contains(chance)) {
                return Err(refuse("demand.destinations", format!("a row of chances sums to {sum}, it has to be 1")));
            }
        }
        Ok(())
    }
}
