//! Which instructions the fast batches are computed with: a speed without that says little.

use fearless_simd::Level;

/// The best vector instructions that this machine has and the fast batches know, as people call them.
#[must_use]
pub fn instruction_set() -> &'static str {
    let level = Level::new();
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        let known = [
            (level.as_avx512().is_some(), "AVX-512"),
            (level.as_avx2().is_some(), "AVX2"),
            (level.as_sse4_2().is_some(), "SSE4.2"),
            (level.as_sse2().is_some(), "SSE2"),
        ];
        if let Some((_, name)) = known.into_iter().find(|(is_there, _)| *is_there) {
            return name;
        }
    }
    #[cfg(target_arch = "aarch64")]
    if level.as_neon().is_some() {
        return "NEON";
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    if level.as_wasm_simd128().is_some() {
        return "SIMD128";
    }
    if level.is_fallback() { "no vector instructions" } else { "vector instructions" }
}
