/**
 * A checkpoint: an officer in white, a striped arm across the lane, cones and a sign. Where there are
 * no police, what is left stands there in grey: post, cones and the bare poles of the sign.
 */
import { Group } from "three";
import { beside, PAVED_HALF, yawOf, type City } from "./city";
import type { Copies, Kit } from "./kit";
import { Letters } from "./letters";
import { follow } from "./ride";
import { Shape, type Vec } from "./shape";
import { plate } from "./stops";

const WHITE = 0xf7f4ec;
const NAVY = 0x1c2c58;
const SKIN = 0x5b3826;
const RED = 0xd8342a;
const GREY = 0x8d8a90;
const PALE = 0xb9b6ba;

/** How far ahead of the middle of its cell the arm lies (m): before the nose of a bus that stops. */
const ARM = 4.3;
const ARM_LENGTH = 3.5;

/** The arm turns about the middle of the road, where those who come see it beside the bus. */
const PIVOT = 0.1;
const ARM_HEIGHT = 1.05;

/** How far the arm is raised (radians), and how quickly (1/s). */
const RAISED = 1.48;
const QUICK = 9;

export class Police {
  readonly object = new Group();
  readonly #arms: readonly Group[];
  readonly #officers: Copies;
  readonly #places: readonly { at: Vec; yaw: number }[];
  #down: readonly boolean[] = [];

  /** Where on the road police stand, and where there are checkpoints without them. */
  constructor(kit: Kit, city: City, places: readonly number[], empty: readonly number[]) {
    const posts = new Shape();
    const letters = new Letters();
    this.#officers = kit.copies(buildOfficer(), Math.max(1, places.length));
    this.#arms = places.map(() => kit.thing(buildArm()));
    this.#places = places.map((s, nth) => {
      const spot = beside(city.path, s, PIVOT, ARM);
      const arm = this.#arms[nth];
      arm?.position.set(spot.x, ARM_HEIGHT, spot.z);
      if (arm !== undefined) arm.rotation.order = "YXZ";
      buildPost(posts, city, s, PAINTED);
      buildSign(letters, city, s);
      const officer = beside(city.path, s, PIVOT - 0.75, ARM - 0.5);
      return { at: [officer.x, 0, officer.z], yaw: yawOf(city.path.at(s).heading) };
    });
    this.#places.forEach(({ at, yaw }, nth) => {
      this.#officers.set(nth, at, yaw + Math.PI, 1.05, 0xffffff);
    });
    this.#officers.show(places.length);
    for (const s of empty) buildPost(posts, city, s, LEFT_ALONE);
    this.object.add(...this.#arms, this.#officers.object);
    if (places.length + empty.length > 0) this.object.add(kit.thing(posts));
    if (places.length > 0) this.object.add(kit.letters(letters));
    this.move(1e3);
  }

  /** Whether each arm is to be down. */
  show(down: readonly boolean[]): void {
    this.#down = down;
  }

  /** Move the arms for one picture; says whether one is still on its way. */
  move(passed: number): boolean {
    let moves = false;
    this.#arms.forEach((arm, nth) => {
      const goal = this.#down[nth] === true ? 0 : RAISED;
      arm.rotation.y = this.#places[nth]?.yaw ?? 0;
      arm.rotation.x = follow(arm.rotation.x, goal, QUICK, passed);
      moves ||= arm.rotation.x !== goal;
    });
    return moves;
  }
}

/** From its pivot across the lane, to the north: red and white. */
function buildArm(): Shape {
  const shape = new Shape();
  shape.box([0, -0.16, 0.35], 0.3, 0.32, 0.5, 0x3a3a44);
  const pieces = 8;
  for (let nth = 0; nth < pieces; nth += 1) {
    const z = -((nth + 0.5) / pieces) * ARM_LENGTH;
    shape.box([0, -0.09, z], 0.1, 0.18, ARM_LENGTH / pieces, nth % 2 === 0 ? RED : WHITE);
  }
  return shape;
}

/** The colours of what stands at a checkpoint. */
interface Paint {
  readonly post: number;
  readonly foot: number;
  readonly cone: number;
  readonly tip: number;
}

const PAINTED: Paint = { post: NAVY, foot: 0xd8542a, cone: 0xf0682e, tip: WHITE };
const LEFT_ALONE: Paint = { post: GREY, foot: GREY, cone: PALE, tip: GREY };

function buildPost(shape: Shape, city: City, s: number, paint: Paint): void {
  const { x, z } = beside(city.path, s, 0);
  const yaw = yawOf(city.path.at(s).heading);
  shape.place(x, 0, z, yaw);
  shape.box([ARM, 0, -PIVOT], 0.32, ARM_HEIGHT, 0.32, paint.post);
  for (const [cx, cz] of [
    [ARM - 2.6, -0.05],
    [ARM - 1.5, -0.05],
    [ARM + 1, -0.05],
  ] as const) {
    shape.box([cx, 0.03, cz], 0.42, 0.05, 0.42, paint.foot, { flat: true });
    shape
      .tube([cx, 0.06, cz], 0.17, 0.1, 0.3, 6, paint.cone)
      .tube([cx, 0.36, cz], 0.1, 0.05, 0.26, 6, paint.tip);
  }
  for (const pz of [-5.6, -4.6]) shape.box([ARM - 2.6, 0, pz], 0.08, 2.9, 0.08, 0x3a3a44);
}

function buildSign(letters: Letters, city: City, s: number): void {
  plate(
    letters,
    city,
    s,
    PAVED_HALF - 0.2,
    ARM - 2.66,
    1.7,
    0.56,
    2.4,
    { text: "POLISI", below: "SIMAMA", ink: "#ffffff", ground: "#b5281c" },
    "along",
  );
}

/** An officer of the traffic police, all in white, one hand raised: faces east. */
function buildOfficer(): Shape {
  const shape = new Shape();
  for (const z of [-0.1, 0.1]) {
    shape.box([0.03, 0, z], 0.28, 0.1, 0.14, 0x1a1a20, { flat: true });
    shape.taper([0, 0.1, z], 0.18, 0.76, 0.17, 0.2, 0.19, WHITE);
  }
  shape.box([0, 0.86, 0], 0.27, 0.07, 0.4, 0x1a1a20, { flat: true });
  shape.taper([0, 0.93, 0], 0.26, 0.46, 0.4, 0.25, 0.48, WHITE);
  shape.taper([0, 0.76, 0.3], 0.11, 0.58, 0.11, 0.13, 0.13, WHITE);
  shape.beam([0.02, 1.32, -0.27], [0.16, 1.86, -0.4], 0.13, WHITE);
  shape.box([0.18, 1.84, -0.42], 0.08, 0.2, 0.14, SKIN);
  shape.box([0, 1.38, 0], 0.1, 0.08, 0.1, SKIN, { flat: true });
  shape.ball([0, 1.43, 0], 0.145, 0.29, SKIN);
  shape.tube([0, 1.63, 0], 0.16, 0.17, 0.06, 8, NAVY);
  shape.tube([0, 1.68, 0], 0.17, 0.21, 0.1, 8, WHITE);
  shape.box([0.17, 1.62, 0], 0.16, 0.03, 0.2, 0x1a1a20);
  return shape;
}
