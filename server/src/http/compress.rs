//! Answers that travel compressed.
//!
//! The page's files are compressed by its build, which has the time to do it well; what is made when it is asked for is
//! compressed in the quickest way there is. Nothing else is: streams would wait for what fills a block, and recordings
//! are packed already.

use axum::http::{Extensions, HeaderMap, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate, SizeAbove};

/// Bytes below which an answer fits the first packets anyway.
const WORTHWHILE: u64 = 1024;

/// Compresses answers that are long enough, for clients that take it.
pub(super) fn answers() -> CompressionLayer<impl Predicate> {
    // Streams of events are left alone by default.
    let which = SizeAbove::new(WORTHWHILE).and(DefaultPredicate::new());
    let which = which.and(NotForContentType::const_new("application/octet-stream"));
    let as_it_is = |_, _, _: &HeaderMap, extensions: &Extensions| extensions.get::<AsItIs>().is_none();
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(which.and(as_it_is))
}

/// Marks an answer that is not compressed: it is long, and asked for so often that packing it would be the work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsItIs;

/// How a file may be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    /// The better one first.
    pub(super) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// As HTTP names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// How the names of packed files end.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }

    /// Whether a client takes it (RFC 9110, 12.5.3).
    pub(super) fn is_taken(self, headers: &HeaderMap) -> bool {
        let said = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
        let codings: Vec<_> = said.flat_map(|value| value.split(',')).map(read).collect();
        let of =
            |wanted: &str| codings.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|&(_, taken)| taken);
        of(self.name()).or_else(|| of("*")).unwrap_or(false)
    }
}

/// A coding that a client names, and whether it is taken: its weight, `;q=0.5`, is not 0.
fn read(coding: &str) -> (&str, bool) {
    let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
    let weight = weight.split_once('=').map_or("", |(_, weight)| weight.trim());
    (name.trim(), weight.parse() != Ok(0.0))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn codings_that_clients_take() {
        for (said, brotli, gzip) in [
            ("", false, false),
            ("gzip, deflate, br, zstd", true, true),
            ("gzip;q=0.5", false, true),
            ("br;q=0, *", false, true),
            ("BR; q=1.0,gzip; q=0.000", true, false),
            ("identity", false, false),
            ("*;q=0", false, false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(said))]);
            let taken = Coding::ALL.map(|coding| coding.is_taken(&headers));
            assert_eq!(taken, [brotli, gzip], "{said}");
        }
        assert!(!Coding::Gzip.is_taken(&HeaderMap::new()));
    }
}
