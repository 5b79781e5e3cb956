//! Scenarios as TOML; by what is taken can be driven.
#![no_main]

use daladala_env::{Buffers, RuleSet, RuleSpec, Rules, RulesVisitor, VecEnv, VecEnvConfig};
use libfuzzer_sys::fuzz_target;

/// Steps that are driven: some more than a short episode has.
const STEPS: usize = 40;

struct Drive;

impl RulesVisitor for Drive {
    type Output = ();

    fn visit<R: Rules>(self, rules: R) {
        let mut env = VecEnv::new(rules, 1, VecEnvConfig::default());
        let mut buffers = Buffers::for_env(&env);
        env.reset(&mut buffers.observations);
        let actions = env.info().actions();
        for step in 0..STEPS {
            env.step(&[(step * 7 % actions) as u8], buffers.as_step()).expect("an action of the rules");
        }
    }
}

fuzz_target!(|text: &str| {
    if let Ok(spec) = RuleSpec::from_toml(RuleSet::City, "fuzzed", text) {
        spec.visit(Drive);
    }
});
