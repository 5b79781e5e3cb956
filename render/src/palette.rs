//! The colours: a warm evening, and signs that differ in lightness as well as in hue.

use tiny_skia::Color;

/// From a number as CSS has it, `0xrrggbb`.
pub(crate) fn color(rgb: u32) -> Color {
    let [_, red, green, blue] = rgb.to_be_bytes();
    Color::from_rgba8(red, green, blue, 255)
}

pub(crate) const PANEL: u32 = 0x1d_13_26;
pub(crate) const CARD: u32 = 0x2a_1d_35;
pub(crate) const TRACK: u32 = 0x40_30_4d;
pub(crate) const INK: u32 = 0xf6_ee_e3;
pub(crate) const FAINT: u32 = 0xb9_a7_b8;
pub(crate) const ACCENT: u32 = 0xff_a5_4c;

pub(crate) const EARTH: u32 = 0x6b_43_35;
pub(crate) const EARTH_DARK: u32 = 0x5f_3b_31;
pub(crate) const ROOFS: [u32; 5] = [0x8f_4f_3c, 0xa9_7c_5a, 0x7b_84_86, 0xc0_95_62, 0x94_5f_47];
pub(crate) const PALM: u32 = 0x3f_7a_52;
pub(crate) const SEA: u32 = 0x24_5f_78;
pub(crate) const FOAM: u32 = 0x6f_a9_b4;
pub(crate) const SAND: u32 = 0xc9_9f_6d;
pub(crate) const KERB: u32 = 0xa0_8a_78;
pub(crate) const ROAD: u32 = 0x2c_27_33;
pub(crate) const MARKING: u32 = 0xe8_d8_b0;

pub(crate) const SIGN: u32 = 0xf2_c1_4e;
pub(crate) const SIGN_INK: u32 = 0x2a_1d_20;
pub(crate) const PEOPLE: [u32; 4] = [0xf7_e3_c2, 0xff_8f_6b, 0x7f_d1_c4, 0xf2_c1_4e];
pub(crate) const HOUSING: u32 = 0x14_10_1a;
pub(crate) const RED: u32 = 0xff_5d_50;
pub(crate) const GREEN: u32 = 0x45_d6_9b;
pub(crate) const POLICE: u32 = 0x4f_86_ff;
pub(crate) const WHITE: u32 = 0xff_ff_ff;
pub(crate) const BUS: u32 = 0xfb_f4_e6;
pub(crate) const STRIPE: u32 = 0xe2_54_2b;
pub(crate) const GLASS: u32 = 0x38_46_5c;
