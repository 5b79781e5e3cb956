//! `daladala token`

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use daladala_server::{Claims, Role, make_token};
use serde::Serialize;

use super::serve::secret;
use crate::numbers::count_in;
use crate::output::{print, print_json};

/// The longest that a token may be good for, hours: a year.
const MAX_HOURS: u64 = 366 * 24;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file of the secret, as given to `daladala serve`; made if it is missing. Without it, the secret itself is
    /// read from the variable `DALADALA_TOKEN_SECRET`.
    #[arg(long, env = "DALADALA_TOKEN_SECRET_FILE", value_name = "FILE")]
    token_secret_file: Option<PathBuf>,
    /// What its bearer may do: watch, drive or admin.
    #[arg(long, default_value_t = Role::Watch)]
    role: Role,
    /// For how many hours it is good.
    #[arg(long, default_value_t = 12, allow_negative_numbers = true,
          value_parser = count_in::<u64>(1..=MAX_HOURS))]
    hours: u64,
    /// The only room it is good for.
    #[arg(long, value_name = "CODE")]
    room: Option<String>,
    /// Whom it is for; for people who read it.
    #[arg(long = "for", value_name = "NAME")]
    subject: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Made {
    token: String,
    #[serde(flatten)]
    claims: Claims,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let secret = secret(self.token_secret_file.as_deref())?;
        let secret = secret.context("a secret is needed: give --token-secret-file, the same as to `daladala serve`")?;
        let time = Duration::from_secs(self.hours * 3600);
        let claims = Claims { sub: self.subject, room: self.room, ..Claims::new(self.role, time) };
        let token = make_token(&secret, &claims)?;
        if self.json { print_json(&Made { token, claims }) } else { print(token) }
    }
}
