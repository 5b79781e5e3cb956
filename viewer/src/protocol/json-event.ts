/** What an event says beside its name, for those events of which the page shows more than that. */
import { asCount, Fields } from "./check";
import type { EventDetails } from "./messages";

export function readDetails(name: string, data: Fields): EventDetails | null {
  switch (name) {
    case "wheel_taken":
    case "wheel_released":
      return {
        of: "wheel",
        member: data.count("member"),
        name: data.has("name") ? data.textOrNull("name") : null,
      };
    case "player_joined":
    case "player_left":
    case "player_returned":
      return { of: "player", member: data.count("member"), name: data.text("name") };
    case "turn_started":
      return {
        of: "turn",
        turn: data.count("turn"),
        seconds: data.number("seconds"),
        choosing: data.list("choosing", asCount),
      };
    case "vote_cast":
      return { of: "cast", turn: data.count("turn"), choosing: data.list("choosing", asCount) };
    case "turn_resolved":
      return {
        of: "resolved",
        turn: data.count("turn"),
        action: data.count("action"),
        votes: data.list("votes", asCount),
        by: data.text("by"),
      };
    default:
      return null;
  }
}
