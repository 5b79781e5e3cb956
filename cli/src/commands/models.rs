//! `daladala models`

use comfy_table::{ContentArrangement, Table, presets};
use daladala_agents::registry;

use crate::arguments::RulesArgs;
use crate::output::{print, print_json};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show the whole card of one model.
    name: Option<String>,
    #[command(flatten)]
    rules: RulesArgs,
    /// Print one JSON object.
    #[arg(long, conflicts_with = "name")]
    json: bool,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if let Some(name) = &self.name {
            return print(registry::built_in(&self.rules.spec_for(name)?.id().rules, name)?.card.trim_end());
        }
        if self.json {
            return print_json(&serde_json::json!({ "models": registry::BUILT_IN }));
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(["name", "rules", "what it is"]);
        for model in registry::BUILT_IN {
            table.add_row([model.name, model.rules, model.summary()]);
        }
        print(table)?;
        print(
            "`daladala models NAME` shows a card. Where a model is asked for, a path of a .safetensors file will do too.",
        )
    }
}
