/**
 * The scene's materials: one set of shaders written for it, instead of three.js's own lights and
 * shadow maps. Light is worked out at the corners, colours are those of the screen, and a shadow is
 * the thing itself pressed flat onto the ground away from the sun. That is cheap enough for a
 * machine without a graphics card, and looks like cut paper.
 */
import {
  AdditiveBlending,
  Color,
  CustomBlending,
  DoubleSide,
  EqualStencilFunc,
  IncrementStencilOp,
  ShaderMaterial,
  SrcColorFactor,
  Vector3,
  ZeroFactor,
  type IUniform,
} from "three";

/** What all materials share: one object, so that the time of day is set once. */
export interface Air extends Record<string, IUniform> {
  readonly sun: IUniform<Vector3>;
  readonly sunColor: IUniform<Color>;
  readonly skyLight: IUniform<Color>;
  readonly groundLight: IUniform<Color>;
  readonly zenith: IUniform<Color>;
  readonly hazeToSun: IUniform<Color>;
  readonly hazeAway: IUniform<Color>;
  readonly shade: IUniform<Color>;
  /** 0 by day, 1 when lamps and windows are lit. */
  readonly night: IUniform<number>;
  /** Seconds, for wind and waves. */
  readonly time: IUniform<number>;
  /** Where the haze hides everything, in metres. */
  readonly sight: IUniform<number>;
}

export function makeAir(): Air {
  return {
    sun: { value: new Vector3(-0.9, 0.4, 0.2).normalize() },
    sunColor: { value: new Color() },
    skyLight: { value: new Color() },
    groundLight: { value: new Color() },
    zenith: { value: new Color() },
    hazeToSun: { value: new Color() },
    hazeAway: { value: new Color() },
    shade: { value: new Color() },
    night: { value: 0 },
    time: { value: 0 },
    sight: { value: 190 },
  };
}

/** The colour of the air in a direction; sky, haze and sea agree on it, so no edge is seen. */
const HAZE = /* glsl */ `
uniform vec3 sun, hazeToSun, hazeAway;
vec3 hazeAt(vec3 way) {
  vec2 flatSun = normalize(sun.xz);
  float along = dot(way.xz / max(1e-4, length(way.xz)), flatSun);
  return mix(hazeAway, hazeToSun, smoothstep(-0.6, 1.0, along));
}`;

const LIT_VERTEX = /* glsl */ `
attribute vec4 tone;
attribute vec4 mark;
#ifdef TWO_COLORS
attribute vec3 second;
#endif
uniform vec3 sunColor, skyLight, groundLight;
uniform float night, time, sight;
varying vec3 painted;
varying float hazy;
varying vec3 haze;
${HAZE}
void main() {
  vec3 base = tone.rgb;
  vec4 place = vec4(position, 1.0);
  vec3 face = normal;
#ifdef USE_INSTANCING
  place = instanceMatrix * place;
  face = mat3(instanceMatrix) * face;
#endif
#ifdef USE_INSTANCING_COLOR
  base = mix(base, instanceColor, mark.x);
#endif
#ifdef TWO_COLORS
  base = mix(base, second, mark.y);
#endif
  place = modelMatrix * place;
  face = normalize(mat3(modelMatrix) * face);
  float gust = sin(time * 1.7 + place.x * 0.31 + place.z * 0.23) + 0.5 * sin(time * 3.1 + place.x);
  place.xyz += mark.z * gust * vec3(0.16, 0.05, 0.1);
  float facing = max(0.0, dot(face, sun));
  vec3 light = mix(groundLight, skyLight, face.y * 0.5 + 0.5) + sunColor * facing;
  // Windows are dark by day and warm by night.
  painted = mix(base * light, mix(base, vec3(1.0, 0.78, 0.42), 0.85), tone.a * night);
  painted = mix(painted, base, mark.w);
  vec3 way = place.xyz - cameraPosition;
  float far = length(way) / sight;
  hazy = clamp(1.0 - exp(-2.2 * far * far), 0.0, 1.0);
  haze = hazeAt(way);
  gl_Position = projectionMatrix * viewMatrix * place;
}`;

const LIT_FRAGMENT = /* glsl */ `
varying vec3 painted;
varying float hazy;
varying vec3 haze;
void main() {
  gl_FragColor = vec4(mix(painted, haze, hazy), 1.0);
}`;

export function paint(
  air: Air,
  options: { twoColors?: boolean; bothSides?: boolean } = {},
): ShaderMaterial {
  const material = new ShaderMaterial({
    uniforms: air,
    vertexShader: LIT_VERTEX,
    fragmentShader: LIT_FRAGMENT,
    defines: options.twoColors === true ? { TWO_COLORS: 1 } : {},
  });
  if (options.bothSides === true) material.side = DoubleSide;
  return material;
}

/** Height at which shadows lie (m): on the pavement, which is the highest ground. */
const SHADOW_HEIGHT = 0.17;

export function shadowPaint(air: Air): ShaderMaterial {
  return new ShaderMaterial({
    uniforms: air,
    vertexShader: /* glsl */ `
uniform vec3 sun;
uniform float sight;
varying float hazy;
void main() {
  vec4 place = vec4(position, 1.0);
#ifdef USE_INSTANCING
  place = instanceMatrix * place;
#endif
  place = modelMatrix * place;
  // A sun on the horizon would throw shadows across the whole town.
  float slant = 1.0 / max(sun.y, 0.32);
  place.xz -= sun.xz * slant * max(0.0, place.y - ${SHADOW_HEIGHT});
  place.y = ${SHADOW_HEIGHT};
  float far = length(place.xyz - cameraPosition) / sight;
  hazy = clamp(2.2 * far * far, 0.0, 1.0);
  gl_Position = projectionMatrix * viewMatrix * place;
}`,
    fragmentShader: /* glsl */ `
uniform vec3 shade;
varying float hazy;
void main() {
  gl_FragColor = vec4(mix(shade, vec3(1.0), hazy), 1.0);
}`,
    blending: CustomBlending,
    blendSrc: ZeroFactor,
    blendDst: SrcColorFactor,
    side: DoubleSide,
    depthWrite: false,
    // Where shadows overlap the ground is darkened once.
    stencilWrite: true,
    stencilFunc: EqualStencilFunc,
    stencilRef: 0,
    stencilZPass: IncrementStencilOp,
  });
}

/** The dome: haze below, sky above, the sun with its glow, stars when it is dark. */
export function skyPaint(air: Air): ShaderMaterial {
  return new ShaderMaterial({
    uniforms: air,
    side: DoubleSide,
    depthWrite: false,
    vertexShader: /* glsl */ `
varying vec3 way;
void main() {
  way = position;
  vec4 place = projectionMatrix * viewMatrix * vec4(cameraPosition + position * 100.0, 1.0);
  gl_Position = place.xyww;
}`,
    fragmentShader: /* glsl */ `
uniform vec3 zenith, sunColor;
uniform float night;
varying vec3 way;
${HAZE}
void main() {
  vec3 to = normalize(way);
  vec3 haze = hazeAt(to);
  float up = max(0.0, to.y);
  vec3 color = mix(haze, zenith, 1.0 - exp(-3.4 * up));
  float near = dot(to, sun);
  float glow = max(0.0, near);
  color += hazeToSun * (0.35 * pow(glow, 8.0) + 0.25 * pow(glow, 60.0)) * (1.0 - 0.55 * night);
  color = mix(color, vec3(1.0, 0.95, 0.8), smoothstep(0.9982, 0.9988, near) * (1.0 - night * 0.5));
  // Long flat clouds, lit from below.
  vec2 c = to.xz / (to.y + 0.16);
  float band = sin(c.x * 0.9 + sin(c.y * 1.7) * 0.8) + sin(c.y * 3.1 + c.x * 0.5 + 1.3) * 0.8
    + sin(c.x * 2.3 - c.y * 5.2) * 0.35 + sin(c.x * 6.1 + c.y * 8.3) * 0.14;
  float cloud = smoothstep(0.55, 1.9, band) * smoothstep(0.03, 0.16, to.y) * smoothstep(0.7, 0.25, to.y);
  vec3 lit = mix(hazeToSun, vec3(1.0, 0.9, 0.8), 0.35) * mix(1.0, 0.62, night);
  color = mix(color, lit, cloud * 0.6);
  vec2 cell = floor(to.xz / (0.3 + to.y) * 90.0);
  float star = fract(sin(dot(cell, vec2(12.9898, 78.233))) * 43758.5453);
  color += step(0.994, star) * smoothstep(0.15, 0.5, to.y) * smoothstep(0.75, 1.0, night) * 0.55;
  gl_FragColor = vec4(color, 1.0);
}`,
  });
}

/** The ocean: darker far out, small waves, and the sun's or the sky's glitter on them. */
export function seaPaint(air: Air): ShaderMaterial {
  return new ShaderMaterial({
    uniforms: air,
    side: DoubleSide,
    vertexShader: /* glsl */ `
varying vec3 at;
void main() {
  vec4 place = modelMatrix * vec4(position, 1.0);
  at = place.xyz;
  gl_Position = projectionMatrix * viewMatrix * place;
}`,
    fragmentShader: /* glsl */ `
uniform vec3 sunColor, skyLight, zenith;
uniform float time, sight, night;
varying vec3 at;
${HAZE}
void main() {
  vec3 way = at - cameraPosition;
  float far = length(way);
  vec3 to = way / far;
  vec2 p = at.xz;
  float a = sin(p.x * 0.55 + time * 0.9) + sin(p.y * 0.7 - time * 0.7 + p.x * 0.3);
  float b = sin(p.x * 1.9 - p.y * 1.3 + time * 1.6) + sin(p.x * 1.1 + p.y * 2.4 - time * 1.3);
  float calm = exp(-far * 0.03);
  vec3 facing = normalize(vec3((a * 0.05 + b * 0.035) * calm, 1.0, (a * 0.04 - b * 0.04) * calm));
  vec3 back = reflect(to, facing);
  vec3 water = mix(vec3(0.10, 0.46, 0.50), vec3(0.05, 0.27, 0.40), smoothstep(10.0, 140.0, far));
  water *= skyLight + sunColor * 0.3;
  float mirror = 0.06 + 0.5 * pow(1.0 - max(0.0, -to.y), 6.0);
  vec3 sky = mix(hazeAt(back), zenith, 1.0 - exp(-3.0 * max(0.0, back.y)));
  vec3 color = mix(water, sky, mirror);
  color += hazeToSun * pow(max(0.0, dot(back, normalize(vec3(sun.x, max(sun.y, 0.05), sun.z)))), 90.0) * 0.9;
  color += skyLight * smoothstep(2.6, 3.3, a + b) * 0.13 * calm;
  float mist = clamp(1.0 - exp(-0.1 * far * far / (sight * sight)), 0.0, 1.0);
  gl_FragColor = vec4(mix(color, hazeAt(to), mist), 1.0);
}`,
  });
}

/** Pools of lamplight and beams: added to what is below, and only after dark. */
export function glowPaint(air: Air): ShaderMaterial {
  return new ShaderMaterial({
    uniforms: air,
    blending: AdditiveBlending,
    transparent: true,
    depthWrite: false,
    side: DoubleSide,
    vertexShader: /* glsl */ `
attribute vec4 glowing;
attribute float halo;
uniform float sight;
varying vec4 shown;
varying vec2 spot;
void main() {
  vec4 place = vec4(position, 1.0);
#ifdef USE_INSTANCING
  place = instanceMatrix * place;
#endif
  place = modelMatrix * place;
  shown = glowing;
#ifdef USE_INSTANCING_COLOR
  shown.rgb *= instanceColor;
#endif
  float far = length(place.xyz - cameraPosition) / sight;
  shown.rgb *= exp(-2.2 * far * far);
  spot = uv;
  vec4 seen = viewMatrix * place;
  // A halo faces whoever looks at it.
  seen.xy += uv * halo;
  gl_Position = projectionMatrix * seen;
}`,
    fragmentShader: /* glsl */ `
uniform float night;
varying vec4 shown;
varying vec2 spot;
void main() {
  float fade = max(0.0, 1.0 - length(spot));
  // The fourth number says how much it shines by day too.
  gl_FragColor = vec4(shown.rgb * fade * fade * mix(shown.a, 1.0, night), 1.0);
}`,
  });
}
