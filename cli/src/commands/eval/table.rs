//! The figures, for people.

use daladala_agents::Evaluation;

use crate::output::{columns, grouped};

/// The figures of one model.
pub(crate) fn table(model: &str, evaluation: &Evaluation) -> comfy_table::Table {
    comparison(&[(model, evaluation)])
}

/// A column a model.
pub(super) fn comparison(models: &[(&str, &Evaluation)]) -> comfy_table::Table {
    let percent = |rate: f64| format!("{:.2} %", 100.0 * rate);
    let known = |figure: Option<String>| figure.unwrap_or_else(|| "unknown".to_owned());
    let row = |figure: &dyn Fn(&Evaluation) -> String| models.iter().map(|(_, one)| figure(one)).collect::<Vec<_>>();
    columns([
        ("model", models.iter().map(|(model, _)| (*model).to_owned()).collect()),
        ("episodes", row(&|one| grouped(one.episodes as f64))),
        ("return, mean ± std", row(&|one| format!("{:.2} ± {:.2}", one.mean_return, one.std_return))),
        ("mean, 95 % interval", row(&|one| known(one.return_ci95.map(|[low, high]| format!("{low:.2} to {high:.2}"))))),
        ("return, least to greatest", row(&|one| format!("{:.0} to {:.0}", one.min_return, one.max_return))),
        ("return, median", row(&|one| format!("{:.2}", one.median_return))),
        ("of the best return", row(&|one| known(one.optimal_fraction.map(|part| format!("{:.3} %", 100.0 * part))))),
        ("below the best return", row(&|one| known(one.mean_regret.map(|regret| format!("{regret:.2}"))))),
        ("steps", row(&|one| format!("{:.1}", one.mean_length))),
        ("passengers at the end", row(&|one| format!("{:.1}", one.mean_passengers))),
        ("money", row(&|one| format!("{} TSh", grouped(one.mean_money)))),
        ("legal", row(&|one| percent(one.legal_rate))),
        ("fined", row(&|one| percent(one.fine_rate))),
        ("crashed", row(&|one| percent(one.crash_rate))),
        ("speed", row(&|one| format!("{} steps/s", grouped(one.steps_per_second)))),
    ])
}
