/**
 * The town along the road: the same for the same route, whichever it is. Low houses at the
 * beginning, shops further in, a market, and blocks and towers where the road comes to the sea.
 * It is built in square parts, so that what lies behind the camera costs nothing.
 */
import { distance, type Point } from "../plan/geometry";
import { hash, noise } from "../plan/noise";
import { beside, CELL, type City } from "./city";
import { dhow, mosque, church } from "./harbour";
import { block, hut, shop, tower, type Site } from "./houses";
import type { Letters } from "./letters";
import { bush, mango, palm } from "./plants";
import { bajaji, billboard, kiosk, lamp, stall, umbrella } from "./roadside";
import { Shape, type Vec } from "./shape";

/** A part of the town is a square of this many cells. */
const PART = 5;

/** How far from the road there is a town (cells). */
const DEPTH = 8;

/** Distance between houses in the second rows and beyond (cells). */
const SPACING = 0.86;

/** Land kept free before the water (cells). */
const BEACH = 1.3;

/** Of every stretch of road this much (cells) has a lamp. */
const LAMP_EVERY = 2.5;

/** How far beyond its ends (cells) the road has its squares. */
const SQUARE = 0.9;

export interface Town {
  readonly parts: readonly Shape[];
  /** Where lamps hang (m). */
  readonly lamps: readonly Vec[];
}

interface Ground {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** `stops` are kept free of everything else: places on the road. */
export function buildTown(
  city: City,
  market: number,
  stops: readonly number[],
  letters: Letters,
): Town {
  const builder = new Builder(city, market, letters);
  builder.keepFree(stops);
  builder.landmarks();
  builder.streetFront();
  builder.furniture();
  builder.quarters();
  builder.squares();
  builder.water();
  return { parts: builder.parts, lamps: builder.lamps };
}

class Builder {
  readonly lamps: Vec[] = [];
  readonly #parts = new Map<string, Shape>();
  readonly #taken: Ground[] = [];
  readonly #city: City;
  readonly #market: number;
  readonly #letters: Letters;

  constructor(city: City, market: number, letters: Letters) {
    this.#city = city;
    this.#market = market;
    this.#letters = letters;
  }

  get parts(): readonly Shape[] {
    return [...this.#parts.values()];
  }

  /** Shelters stand there, and people. */
  keepFree(stops: readonly number[]): void {
    for (const s of stops) {
      for (const ahead of [-3, 0, 3]) {
        this.#taken.push({ ...plane(beside(this.#city.path, s, 6.3, ahead)), radius: 1.8 });
      }
    }
  }

  /** Towers, a mosque and a church, before all others take the ground. */
  landmarks(): void {
    const { path } = this.#city;
    const end = path.end;
    for (let nth = 0; nth < 9; nth += 1) {
      const s = end - 0.4 - nth * 0.62;
      const side = nth % 2 === 0 ? 1 : -1;
      const site = this.#site(
        Math.max(end * 0.55, s),
        side * (21 + hash(nth, 2, 70) * 16),
        300 + nth,
      );
      if (this.#take(site, 8, 1.25))
        tower(this.#at(site), site, 7 + Math.floor(hash(nth, 3, 70) * 12));
    }
    const holy = this.#site(this.#market - 2.6, 15, 401);
    if (this.#take(holy, 7, 0.9)) mosque(this.#at(holy), holy);
    const chapel = this.#site(end * 0.24, -16, 402);
    if (this.#take(chapel, 7, 0.9)) church(this.#at(chapel), chapel);
  }

  /** The first row, which faces the road. */
  streetFront(): void {
    const { path } = this.#city;
    for (let s = -0.6, nth = 0; s < path.end + 0.4; s += 0.42, nth += 1) {
      for (const side of [-1, 1]) {
        const seed = nth * 2 + (side > 0 ? 1 : 0);
        const kind = hash(seed, 1, 71);
        const site = this.#site(s, side * (11.2 + hash(seed, 2, 71) * 1.3), seed);
        const town = s / Math.max(1, path.end);
        if (kind < 0.1) continue;
        if (this.#nearMarket(s)) {
          if (kind < 0.75 && this.#take(site, 4.2, 0.82)) shop(this.#at(site), site, this.#letters);
        } else if (town > 0.78) {
          if (this.#take(site, 5.4, 0.95)) block(this.#at(site), site);
        } else if (kind < 0.22 + town * 0.55) {
          if (this.#take(site, 4.3, 0.82)) shop(this.#at(site), site, this.#letters);
        } else if (this.#take(site, 4.1, 0.82)) {
          hut(this.#at(site), site);
        }
      }
    }
  }

  /** Between the pavement and the houses. */
  furniture(): void {
    const { path } = this.#city;
    for (let s = 0.6, nth = 0; s < path.end; s += LAMP_EVERY, nth += 1) {
      const side = nth % 2 === 0 ? 1 : -1;
      const site = this.#site(s, side * 5, nth);
      if (this.#city.fromRoad(plane(site)) > 0.44) this.lamps.push(lamp(this.#at(site), site));
    }
    for (let s = 0.2, nth = 0; s < path.end; s += 0.31, nth += 1) {
      for (const side of [-1, 1]) {
        const seed = nth * 2 + (side > 0 ? 1 : 0);
        const kind = hash(seed, 1, 72);
        const site = this.#site(s, side * (6.9 + hash(seed, 2, 72) * 0.8), seed);
        const seaside = s / Math.max(1, path.end) > 0.72;
        if (this.#nearMarket(s)) {
          if (kind < 0.62 && this.#take(site, 1.55, 0.62)) stall(this.#at(site), site);
          else if (this.#take(site, 1.2, 0.62)) umbrella(this.#at(site), site);
        } else if (kind < (seaside ? 0.34 : 0.16)) {
          if (this.#take(site, 1.4, 0.62)) palm(this.#at(site), site.x, site.z, seed);
        } else if (kind < 0.4) {
          if (this.#take(site, 1.4, 0.62)) kiosk(this.#at(site), site);
        } else if (kind < 0.47) {
          const along = { ...site, yaw: site.yaw + (side * Math.PI) / 2 };
          if (this.#take(site, 1.6, 0.62)) bajaji(this.#at(site), along);
        } else if (kind < 0.52) {
          if (this.#take(site, 1.2, 0.62)) umbrella(this.#at(site), site);
        } else if (kind < 0.66) {
          if (this.#take(site, 0.9, 0.62)) bush(this.#at(site), site.x, site.z, seed);
        } else if (kind > 0.965) {
          // Turned half towards those who come along.
          const turned = { ...site, yaw: site.yaw + side * 0.9 };
          if (this.#take(site, 3.6, 0.68)) billboard(this.#at(site), this.#letters, turned);
        }
      }
    }
  }

  /** Everything behind the first row, thinner the farther out. */
  quarters(): void {
    const [width, height] = this.#city.grid;
    for (let row = -DEPTH; row < height + DEPTH; row += SPACING) {
      for (let column = -DEPTH; column < width + DEPTH; column += SPACING) {
        const [a, b] = [Math.round(row / SPACING), Math.round(column / SPACING)];
        const at = {
          x: column + (hash(a, b, 81) - 0.5) * 0.3,
          y: row + (hash(a, b, 82) - 0.5) * 0.3,
        };
        const away = this.#city.fromRoad(at);
        if (away > DEPTH) continue;
        const seed = a * 977 + b;
        const site: Site = {
          x: at.x * CELL,
          z: at.y * CELL,
          yaw: (Math.floor(hash(a, b, 83) * 4) * Math.PI) / 2,
          seed,
        };
        this.#fill(site, away, this.#city.shore.inland(at), hash(a, b, 84));
      }
    }
  }

  /** Lamps and palms around the squares where the road begins and ends. */
  squares(): void {
    const { path } = this.#city;
    for (const s of [-SQUARE, path.end + SQUARE]) {
      const { x, z } = beside(path, s, 0);
      for (let nth = 0; nth < 12; nth += 1) {
        const angle = (nth / 12) * 2 * Math.PI + 0.2;
        const at = { x: x + Math.cos(angle) * 14.2, z: z - Math.sin(angle) * 14.2 };
        if (this.#city.fromRoad(plane(at)) < 0.75 || this.#city.shore.inland(plane(at)) < 0.3)
          continue;
        if (nth % 3 === 0)
          this.lamps.push(lamp(this.#at(at), { ...at, yaw: angle + Math.PI, seed: nth }));
        else palm(this.#at(at), at.x, at.z, nth * 31 + Math.round(s));
      }
    }
  }

  /** Dhows off the coast. */
  water(): void {
    const { shore, seaward, route } = this.#city;
    const end = route.at(-1) ?? { x: 0, y: 0 };
    for (let nth = 0; nth < 40; nth += 1) {
      const [out, along] = [2 + hash(nth, 1, 91) * 20, (hash(nth, 2, 91) - 0.5) * 44];
      const at = {
        x: end.x + seaward.x * out + seaward.y * along,
        y: end.y + seaward.y * out - seaward.x * along,
      };
      if (hash(nth, 3, 91) > 0.4 || shore.inland(at) > -1.4) continue;
      dhow(
        this.#at({ x: at.x * CELL, z: at.y * CELL }),
        at.x * CELL,
        at.y * CELL,
        hash(nth, 4, 91) * 6.3,
        0.8 + hash(nth, 5, 91) * 0.7,
      );
    }
  }

  #fill(site: Site, away: number, inland: number, kind: number): void {
    const crowd = 0.8 - (away / DEPTH) * 0.45 + (noise(site.x * 0.05) - 0.5) * 0.3;
    if (inland < BEACH + 1.2) {
      if (inland > 0.35 && kind < 0.3 && this.#take(site, 1.6, 0.7, 0.35))
        palm(this.#at(site), site.x, site.z, site.seed);
    } else if (kind < crowd * 0.72) {
      if (this.#take(site, 4, 1.2)) hut(this.#at(site), site);
    } else if (kind < crowd * 0.82) {
      if (this.#take(site, 5, 1.4)) block(this.#at(site), site);
    } else if (kind < 0.8) {
      if (this.#take(site, 2, 0.85)) mango(this.#at(site), site.x, site.z, site.seed);
    } else if (kind < 0.93 && this.#take(site, 1.6, 0.8)) {
      palm(this.#at(site), site.x, site.z, site.seed);
    }
  }

  /** The market lies around one place of the road. */
  #nearMarket(s: number): boolean {
    return Math.abs(s - this.#market) < 1.7;
  }

  /** A place beside the road from which a building looks at it. */
  #site(s: number, left: number, seed: number): Site {
    const { x, z, yaw } = beside(this.#city.path, s, left);
    return { x, z, yaw: yaw - (Math.sign(left) * Math.PI) / 2, seed };
  }

  /** Take the ground for a thing of `radius` (m), `clear` (cells) off the road's middle at least. */
  #take(site: Site, radius: number, clear: number, beach = BEACH): boolean {
    const at = plane(site);
    if (this.#city.shore.inland(at) < beach || this.#city.fromRoad(at) < clear) return false;
    const { route } = this.#city;
    const [first, last] = [route[0], route.at(-1)];
    // The squares where buses turn are kept free.
    for (const [square, nth] of [[first, -1] as const, [last, 1] as const]) {
      if (square === undefined) continue;
      const middle = this.#city.path.at(nth < 0 ? -SQUARE : this.#city.path.end + SQUARE);
      if (distance(middle, at) < 1.25 + radius / CELL) return false;
    }
    if (this.#taken.some((other) => distance(other, at) < (other.radius + radius) / CELL))
      return false;
    this.#taken.push({ ...at, radius });
    return true;
  }

  #at({ x, z }: { x: number; z: number }): Shape {
    const key = `${Math.floor(x / CELL / PART)},${Math.floor(z / CELL / PART)}`;
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const fresh = new Shape();
    this.#parts.set(key, fresh);
    return fresh;
  }
}

function plane({ x, z }: { x: number; z: number }): Point {
  return { x: x / CELL, y: z / CELL };
}
