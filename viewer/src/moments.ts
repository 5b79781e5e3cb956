/**
 * Follows links to a moment: those that the page was opened by as soon as the room is seen, and those
 * that its address is changed to. Each is followed once; where one goes from there is one's own.
 */
import { readMoment, readWishes, type Moment } from "./connection/address";
import type { Session } from "./connection/session";

export interface Goes {
  /** Whether it has a frame to go from. */
  readonly sees: boolean;
  goTo(moment: Moment): Promise<void>;
}

export function followMoments(session: Session, bar: Goes): void {
  let wanted = readMoment(location.href);
  const follow = (): void => {
    const { frame, room } = session.view;
    if (wanted === null || frame === null || room === null || !session.can("seek")) return;
    // On a slow machine the bar hears of the frame some pictures later.
    if (!bar.sees) {
      requestAnimationFrame(follow);
      return;
    }
    const moment = wanted;
    wanted = null;
    void bar.goTo(moment);
  };
  // The bar has to have heard of the frame, which is drawn by the next picture.
  session.subscribe(() => {
    if (wanted !== null) requestAnimationFrame(() => requestAnimationFrame(follow));
  });
  addEventListener("hashchange", () => {
    wanted = readMoment(location.href);
    if (wanted === null) return;
    session.openRoom(readWishes(location.href).room);
    follow();
  });
}
