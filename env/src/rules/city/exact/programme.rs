//! The constrained optimum on one layout as a linear programme over occupancy measures: how often each state is met and each
//! action taken there. It knows nothing of prices and inductions, so it checks them.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, SolveOptions, Variable};

use super::{Exact, Value};
use crate::error::EnvError;
use crate::rules::CityLayout;

/// The most pairs of a tick and a state. The simplex method takes a step or more for each, and each takes longer the more
/// there are: minutes beyond this.
const MOST_NODES: usize = 20_000;

/// How far off an equation may be, the least that the solver takes: each may bring mass from nowhere, and there are thousands.
const FEASIBLE: f64 = 1e-10;

/// A pair of a state and an action: how often it is met, and what it brings.
struct Taken {
    variable: Variable,
    value: Value,
}

impl Exact {
    /// What [`Exact::constrained_on`] finds, by a linear programme; none where every trip costs more than `limit`. Layouts are
    /// refused on which too many states can be reached within the tick limit.
    pub fn programme(&self, layout: &CityLayout, limit: f64) -> Result<Option<Value>, EnvError> {
        let (world, graph, start) = self.locate(layout)?;
        let mut problem = Problem::new(OptimizationDirection::Maximize);
        let mut taken = Vec::new();
        let mut nodes = 0;
        // The states that can be met in a tick, and what leads there: chance and variable.
        let mut inflows = BTreeMap::from([(start as u32, LinearExpr::empty())]);
        for tick in 0..self.scenario().time.limit {
            let red = world.red(tick);
            nodes += inflows.len();
            if nodes > MOST_NODES {
                let problem =
                    format!("more than {MOST_NODES} states in their ticks are too many for a linear programme");
                return Err(EnvError::Unsolved(problem));
            }
            for (place, mut flow) in std::mem::take(&mut inflows) {
                // What comes in and what begins here goes out by the actions.
                for (_, row) in graph.distinct(red, place as usize) {
                    let variable = problem.add_var(row.reward, (0.0, f64::INFINITY));
                    flow.add(variable, -1.0);
                    for &(next, chance) in graph.next(row) {
                        inflows.entry(next).or_insert_with(LinearExpr::empty).add(variable, chance);
                    }
                    taken.push(Taken { variable, value: Value { reward: row.reward, cost: row.cost } });
                }
                let begins = if tick == 0 { 1.0 } else { 0.0 };
                problem.add_constraint(flow, ComparisonOp::Eq, -begins);
            }
        }
        let mut cost = LinearExpr::empty();
        for Taken { variable, value } in taken.iter().filter(|taken| taken.value.cost > 0.0) {
            cost.add(*variable, value.cost);
        }
        problem.add_constraint(cost, ComparisonOp::Le, limit);
        let mut options = SolveOptions::default();
        options.tolerances.feasibility = FEASIBLE;
        let solution = match problem.solve_with(options) {
            Ok(outcome) => outcome.into_solution().map_err(|_| EnvError::Unsolved("it was interrupted".to_owned()))?,
            Err(microlp::Error::Infeasible) => return Ok(None),
            Err(error) => return Err(EnvError::Unsolved(error.to_string())),
        };
        let values = taken.iter().map(|Taken { variable, value }| (solution.var_value(*variable), *value));
        Ok(Some(self.after_lease(Value::mean(values))))
    }
}
