//! The figures, for people.

use daladala_agents::{Evaluation, FigureEstimate};
use daladala_env::RulesInfo;
use daladala_env::info::FigureKind;

use crate::output::{columns, grouped};

/// The figures of one model.
pub(crate) fn table(model: &str, evaluation: &Evaluation, rules: &RulesInfo) -> comfy_table::Table {
    comparison(&[(model, evaluation)], rules)
}

/// A column a model.
pub(super) fn comparison(models: &[(&str, &Evaluation)], rules: &RulesInfo) -> comfy_table::Table {
    // Rewards add up to a return, so they all have its unit.
    let unit = rules.reward_terms.first().map_or("", |term| term.unit.as_str());
    let in_unit = |text: String| if unit.is_empty() { text } else { format!("{text} {unit}") };
    let known = |figure: Option<String>| figure.unwrap_or_else(|| "unknown".to_owned());
    let row = |figure: &dyn Fn(&Evaluation) -> String| models.iter().map(|(_, one)| figure(one)).collect::<Vec<_>>();
    let mut rows = vec![
        ("model".to_owned(), models.iter().map(|(model, _)| (*model).to_owned()).collect()),
        ("episodes".to_owned(), row(&|one| grouped(one.episodes as f64))),
        (
            "return, mean ± std".to_owned(),
            row(&|one| in_unit(format!("{:.2} ± {:.2}", one.mean_return, one.std_return))),
        ),
        (
            "mean, 95 % interval".to_owned(),
            row(&|one| known(one.return_ci95.map(|[low, high]| in_unit(format!("{low:.2} to {high:.2}"))))),
        ),
        (
            "return, least to greatest".to_owned(),
            row(&|one| in_unit(format!("{:.0} to {:.0}", one.min_return, one.max_return))),
        ),
        ("return, median".to_owned(), row(&|one| in_unit(format!("{:.2}", one.median_return)))),
    ];
    if models.iter().any(|(_, one)| one.optimal_fraction.is_some()) {
        let best = row(&|one| known(one.optimal_fraction.map(|part| format!("{:.3} %", 100.0 * part))));
        rows.push(("of the best return".to_owned(), best));
        let regret = row(&|one| known(one.mean_regret.map(|regret| format!("{regret:.2}"))));
        rows.push(("below the best return".to_owned(), regret));
    }
    rows.push(("steps".to_owned(), row(&|one| format!("{:.1}", one.mean_length))));
    let [(_, first), ..] = models else { return columns(rows) };
    for (place, FigureEstimate { figure, .. }) in first.figures.iter().enumerate() {
        let shown = |one: &Evaluation| one.figures.get(place).map_or_else(String::new, shown);
        rows.push((figure.name.replace('_', " "), row(&shown)));
    }
    for (place, ending) in first.endings.iter().enumerate() {
        let share = |one: &Evaluation| one.endings.get(place).map_or_else(String::new, |share| percent(share.rate));
        rows.push((format!("ended: {}", ending.ending.replace('_', " ")), row(&share)));
    }
    rows.push(("evaluated at".to_owned(), row(&|one| format!("{} steps/s", grouped(one.steps_per_second)))));
    columns(rows)
}

/// A figure in its unit; a rate in percent.
fn shown(FigureEstimate { figure, mean, .. }: &FigureEstimate) -> String {
    match (figure.kind, figure.unit.as_str()) {
        (FigureKind::Rate, _) => percent(*mean),
        (_, "") => format!("{mean:.2}"),
        (_, unit) if mean.abs() >= 1000.0 => format!("{} {unit}", grouped(*mean)),
        (_, unit) => format!("{mean:.2} {unit}"),
    }
}

fn percent(rate: f64) -> String {
    format!("{:.2} %", 100.0 * rate)
}
