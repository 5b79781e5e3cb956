/**
 * The name of a scenario says what it was made from, and then each field that was set, as often as it
 * was: `dar-es-salaam police.inspect=0.5`.
 */
export interface ScenarioName {
  readonly base: string;
  /** The last value of each field, as JSON or TOML writes it. */
  readonly set: ReadonlyMap<string, string>;
}

export function readScenario(name: string): ScenarioName {
  const [base = "", ...fields] = name.split(/\s+(?=[\w.]+=)/);
  const set = fields.map((field): [string, string] => {
    const [key = "", ...value] = field.split("=");
    return [key, value.join("=")];
  });
  return { base, set: new Map(set) };
}
