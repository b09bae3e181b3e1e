//! Figures with their uncertainty.

/// A share and the band it lies in with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Share {
    /// Of so many.
    pub of: u64,
    /// So many.
    pub count: u64,
    /// From 0 to 1.
    pub share: f64,
    /// Lower end of the band.
    pub low: f64,
    /// Upper end of the band.
    pub high: f64,
}

/// The Wilson score interval of a share (Wilson 1927), which stays within 0 and 1 and is honest about few cases. `None`
/// of nothing.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "counts of leads are far below 2^52")]
pub fn wilson(count: u64, of: u64) -> Option<Share> {
    /// The normal quantile of 0.975.
    const Z: f64 = 1.959_963_984_540_054;
    // No share of nothing; and more than all is a mistake of the caller, not a share.
    if of == 0 || count > of {
        return None;
    }
    let (n, share) = (of as f64, count as f64 / of as f64);
    let square = Z * Z;
    let middle = square.mul_add(0.5 / n, share);
    // Wilson and not the plain interval, which has no width where all or none were won.
    let spread = Z * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
    let scale = 1.0 + square / n;
    let (low, high) = (((middle - spread) / scale).max(0.0), ((middle + spread) / scale).min(1.0));
    Some(Share { of, count, share, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published values of the interval.
    #[test]
    fn wilsons_interval_is_his() {
        for (count, of, low, high) in [
            (1, 10, 0.0179, 0.4042),
            (5, 10, 0.2366, 0.7634),
            (0, 10, 0.0, 0.2775),
            (10, 10, 0.7225, 1.0),
            (50, 100, 0.4038, 0.5962),
        ] {
            let share = wilson(count, of).unwrap();
            assert!((share.low - low).abs() < 5e-5 && (share.high - high).abs() < 5e-5, "{share:?}");
        }
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(2, 1), None);
    }
}
