//! The one search for what was probably meant.

/// The candidate with the smallest distance to `text`, if it is near: one edit for each three characters, in any case of letters.
/// The first of several. Linear in the candidates.
pub fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    if text.is_empty() || text.len() > 80 {
        return None;
    }
    if let Some(same) = candidates.clone().find(|candidate| candidate.eq_ignore_ascii_case(text)) {
        return Some(same);
    }
    let bound = (text.len() / 3).clamp(1, 3);
    let folded = text.to_ascii_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.filter(|candidate| candidate.len().abs_diff(text.len()) <= bound) {
        let distance = strsim::osa_distance(&folded, &candidate.to_ascii_lowercase());
        if distance <= bound && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_near_or_nothing() {
        let near = |text, list: &[&'static str]| nearest(text, list.iter().copied());
        assert_eq!(near("SCR-01", &["FND-001", "SCR-001", "SCR-002"]), Some("SCR-001"));
        assert_eq!(near("scr-002", &["SCR-001", "SCR-002"]), Some("SCR-002"));
        assert_eq!(near("scr-01", &["SCR-001"]), Some("SCR-001"));
        assert_eq!(near("A", &["B"]), Some("B"));
        assert_eq!(near("alpha", &["omega"]), None);
        assert_eq!(near("", &["a"]), None);
    }
}
