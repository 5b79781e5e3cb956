/** The numbers beside the scene. Draws a `View`; the parts with a life of their own live apart. */
import { signed, whole } from "../format";
import type { Frame, Room } from "../protocol/messages";
import { averageReturn, type View } from "../state/view";
import { Alerts } from "./alerts";
import { Company } from "./company";
import { find, replay, setText } from "./dom";
import { LoadMeter } from "./load-meter";
import { describeEnding, SummaryCard } from "./summary";

export class Hud {
  readonly #field: (name: string) => HTMLElement;
  readonly #reward: HTMLElement;
  readonly #meter: LoadMeter;
  readonly #alerts: Alerts;
  readonly #summary: SummaryCard;
  readonly #company: Company;
  #frame: Frame | null = null;
  #room: Room | null = null;

  constructor(page: ParentNode) {
    const fields = new Map<string, HTMLElement>();
    this.#field = (name) => {
      const element = fields.get(name) ?? find(page, `[data-field="${name}"]`);
      fields.set(name, element);
      return element;
    };
    this.#reward = find(page, ".reward");
    this.#meter = new LoadMeter(find(page, ".meter"));
    this.#alerts = new Alerts(page);
    this.#company = new Company(page);
    this.#summary = new SummaryCard(find(page, ".summary"));
  }

  render(view: View): void {
    const { frame, room } = view;
    this.#company.show(view);
    if (room !== null && room !== this.#room) this.#showRoom(room);
    this.#room = room;
    this.#set("server", view.hello?.server ?? "–");
    if (frame === null || frame === this.#frame) return;
    this.#frame = frame;
    this.#showFrame(frame, room);
    this.#showSeen(view);
    this.#alerts.show(frame);
    this.#meter.show(frame);
    this.#summary.show(view.seen.last);
  }

  #set(name: string, text: string): void {
    setText(this.#field(name), text);
  }

  #showRoom(room: Room): void {
    this.#set("model", room.model);
    this.#set("rules", room.rules);
  }

  #showFrame(frame: Frame, room: Room | null): void {
    this.#set("episode", whole(frame.episode));
    this.#set("step", whole(frame.step));
    this.#set("max-steps", room === null ? "" : `of ${whole(room.maxSteps)}`);
    this.#set("cell", `${frame.position[0]}, ${frame.position[1]}`);
    this.#set("action", frame.actionName ?? "Setting off");
    this.#set("passengers", whole(frame.passengers));
    this.#set("capacity", whole(frame.capacity));
    this.#set("legal", whole(frame.legalCapacity));
    this.#set("goal-legal", whole(frame.legalCapacity));
    this.#set("money", whole(frame.money));
    this.#set("speed", whole(frame.speed));
    this.#set("reward", signed(frame.reward));
    this.#set("total", signed(frame.totalReward));
    this.#reward.dataset["sign"] = frame.reward < 0 ? "loss" : "gain";
    if (frame.actionName !== null) replay(this.#reward, "flash");
  }

  #showSeen(view: View): void {
    const { seen } = view;
    const average = averageReturn(seen);
    this.#set("episodes-seen", whole(seen.episodes));
    this.#set("average", average === null ? "–" : signed(average));
    this.#set(
      "last",
      seen.last === null
        ? "The first episode is still under way."
        : `Episode ${whole(seen.last.episode)} ${describeEnding(seen.last)}: return ${signed(
            seen.last.totalReward,
          )}, TSh ${whole(seen.last.money)}.`,
    );
  }
}
