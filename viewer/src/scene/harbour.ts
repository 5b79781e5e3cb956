/** What makes the city's face: towers by the sea, a minaret, a church, dhows on the water. */
import type { Shape, Vec } from "./shape";
import { SEA_LEVEL } from "./ground";
import type { Site } from "./houses";

const WHITE = 0xf4efe2;

export function mosque(shape: Shape, { x, z, yaw }: Site): void {
  shape.place(x, 0, z, yaw);
  shape.box([0, 0, 0], 8, 4.6, 9, WHITE);
  shape.box([0, 4.6, 0], 8.3, 0.4, 9.3, 0x2f8f6f);
  shape.ball([0, 4.4, 0], 2.7, 3.6, 0x3fa583, {}, 10);
  for (const pz of [-2.8, 0, 2.8]) {
    shape.quad(
      [4.04, 0.2, pz + 0.7],
      [4.04, 0.2, pz - 0.7],
      [4.04, 2.8, pz - 0.7],
      [4.04, 2.8, pz + 0.7],
      0x2c6e5f,
      {
        glow: 0.9,
        flat: true,
      },
    );
  }
  shape.tube([3, 0, 5.4], 0.95, 0.8, 10.5, 8, WHITE);
  shape.tube([3, 10.5, 5.4], 1.25, 1.25, 0.4, 8, 0x2f8f6f);
  shape.tube([3, 10.9, 5.4], 0.65, 0.6, 1.8, 8, WHITE, { glow: 0.35 });
  shape.tube([3, 12.7, 5.4], 0.8, 0, 2, 8, 0x3fa583);
}

export function church(shape: Shape, { x, z, yaw }: Site): void {
  shape.place(x, 0, z, yaw);
  shape.box([-2, 0, 0], 10, 4.4, 6, WHITE);
  shape.gable([-2, 4.4, 0], 10.6, 2.6, 6.8, 0xa9492f, WHITE);
  shape.box([3.6, 0, 0], 2.8, 8.4, 2.8, WHITE);
  shape.tube([3.6, 8.4, 0], 2, 0, 4, 4, 0xa9492f);
  shape.box([3.6, 12.2, 0], 0.14, 1.3, 0.14, 0x5a4a3a);
  shape.box([3.6, 12.8, 0], 0.14, 0.14, 0.8, 0x5a4a3a);
  shape.quad([5.04, 0, 0.7], [5.04, 0, -0.7], [5.04, 2.5, -0.7], [5.04, 2.5, 0.7], 0x5a3a2c, {
    flat: true,
  });
}

/** A dhow under its lateen sail. */
export function dhow(shape: Shape, x: number, z: number, yaw: number, size: number): void {
  shape.place(x, SEA_LEVEL - 0.2, z, yaw, size);
  const hull = 0x6b4530;
  const rim: Vec[] = [
    [4.2, 1.5, 0],
    [1.5, 1.1, 1.1],
    [-2.6, 1.2, 1],
    [-3.4, 1.6, 0],
    [-2.6, 1.2, -1],
    [1.5, 1.1, -1.1],
  ];
  const keel: Vec[] = rim.map(([kx, , kz]): Vec => [kx * 0.72, 0, kz * 0.45]);
  rim.forEach((corner, nth) => {
    const next = (nth + 1) % rim.length;
    const [a, b, c] = [rim[next], keel[next], keel[nth]];
    if (a !== undefined && b !== undefined && c !== undefined) {
      shape
        .quad(corner, a, b, c, hull, { flat: true })
        .quad(c, b, a, corner, 0x4a2f22, { flat: true });
    }
  });
  shape.beam([0.6, 0.6, 0], [0.9, 6.6, 0], 0.16, 0x5a4030, { flat: true });
  const sail: [Vec, Vec, Vec] = [
    [3.6, 1.8, 0.1],
    [-3.4, 2.2, 0.9],
    [-0.6, 8.2, 0.1],
  ];
  shape.triangle(...sail, 0xfff2d8, { flat: true });
  shape.triangle(sail[0], sail[2], sail[1], 0xe8d4b0, { flat: true });
}
