/**
 * Makes a second room that differs from a given one by what is enforced, and proves that it does so
 * by that alone: first it is made under the same law, and only if the hash of all parameters is then
 * the same is the other law loaded.
 */
import type { Api } from "../connection/api";
import type { Frame, Refusal, Room } from "../protocol/messages";
import { readScenario } from "../protocol/scenario";
import { settingsOf, type Settings } from "./levers";

export type Copied =
  | { readonly kind: "made"; readonly code: string }
  /** No room with all parameters of the given one could be asked for. */
  | { readonly kind: "different" };

/** What is to be asked of the server, or the refusal of any step. */
export async function copyRoom(
  api: Pick<Api, "create" | "post" | "close" | "hash">,
  room: Room,
  frame: Frame,
  law: Settings,
): Promise<Copied | Refusal> {
  for (const wish of wishesFor(room, frame)) {
    const made = await api.create(wish);
    // The name may be that of a file, which nobody can ask for.
    if (made.kind === "error" && made.code === "NOT_FOUND" && "scenario" in wish) break;
    if (made.kind === "error") return made;
    const code = made.value;
    const hash = await api.hash(code);
    if (hash.kind === "error") return hash;
    if (hash.value === room.scenarioHash) return load(api, code, room, law);
    await api.close(code);
  }
  return { kind: "different" };
}

/** Rooms that may be the same: in the scenario that the server was started with, or by its name. */
function wishesFor({ rules, model, fps, scenario }: Room, { own }: Frame): readonly object[] {
  const { base, set } = readScenario(scenario);
  const law = settingsOf(own);
  const like = { rules, model, fps };
  const fields = { ...Object.fromEntries([...set].flatMap(readable)), ...law };
  return [
    { ...like, set: law },
    { ...like, scenario: base, set: fields },
  ];
}

function readable([field, value]: readonly [string, string]): readonly [string, unknown][] {
  try {
    return [[field, JSON.parse(value)]];
  } catch {
    // Then the hash will tell that something is missing.
    return [];
  }
}

async function load(
  api: Pick<Api, "post" | "close">,
  code: string,
  { rules, model }: Room,
  set: Settings,
): Promise<Copied | Refusal> {
  const path = `api/rooms/${encodeURIComponent(code)}/load`;
  const loaded = await api.post(path, { rules, model, set });
  if (loaded.kind === "answer") return { kind: "made", code };
  await api.close(code);
  return loaded;
}
