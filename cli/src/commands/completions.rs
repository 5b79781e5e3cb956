//! `daladala completions`

use std::io::Write;

use clap_complete::Shell;

#[derive(Debug, clap::Args)]
#[command(after_help = "For bash: daladala completions bash > ~/.local/share/bash-completion/completions/daladala\n\
                        For zsh, into a folder of $fpath: daladala completions zsh > _daladala\n\
                        For fish: daladala completions fish > ~/.config/fish/completions/daladala.fish")]
pub(crate) struct Args {
    /// The shell that is to complete commands, flags and their values.
    shell: Shell,
}

impl Args {
    pub(crate) fn run(self, mut command: clap::Command) -> anyhow::Result<()> {
        // It is written at once, as the generator itself panics where nobody reads.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "daladala", &mut script);
        Ok(std::io::stdout().lock().write_all(&script)?)
    }
}
