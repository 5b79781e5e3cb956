//! The hyperbolic tangent of a register of floats.
//!
//! x · P(x²) / Q(x²), with the coefficients of the least greatest error over ±[`BOUND`] (fitted by linear least squares,
//! reweighted until all peaks of the error are alike): 1.1e-8 in exact arithmetic, below 5e-7 in floats. Beyond the
//! bound the tangent is 1 to within a float.

use fearless_simd::Simd;
use fearless_simd::prelude::*;

/// Where the tangent is within 8.3e-8 of 1: the next float below 1 is 6e-8 away.
const BOUND: f32 = 8.5;
/// P, from the highest power to the lowest.
const P: [f32; 5] = [1.409_921_3e-8, 2.112_154e-5, 0.003_525_817, 0.134_062_04, 0.999_999_95];
/// Q, from the highest power to the lowest.
const Q: [f32; 5] = [8.073_604e-7, 0.000_333_568_7, 0.025_991_127, 0.467_395_15, 1.0];

/// tanh(x) within 1e-6; its magnitude may exceed 1 by two units in the last place. NaN stays NaN.
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let x = x.clamp(-BOUND, BOUND);
    let square = x * x;
    x * polynomial(simd, P, square) / polynomial(simd, Q, square)
}

#[inline(always)]
fn polynomial<S: Simd>(simd: S, [highest, rest @ ..]: [f32; 5], x: S::f32s) -> S::f32s {
    let mut value = S::f32s::splat(simd, highest);
    for coefficient in rest {
        value = value.mul_add(x, S::f32s::splat(simd, coefficient));
    }
    value
}
